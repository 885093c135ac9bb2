using System.Runtime.InteropServices;

namespace DmIoUring.Testing;

/// <summary>
/// The bytes of a <see cref="FaultyMedium"/>, twice: what a read gives, and what a power cut leaves. A flush covers the writes that had
/// ended when it came, and no later ones: the least that a disk may do. What was never written is zeroes and takes no memory. Not for several threads.
/// </summary>
/// <param name="size">Bytes, a multiple of 512.</param>
/// <param name="isVolatile">Whether what was written and not flushed can be lost.</param>
/// <param name="keepsOlder">Whether a sector that was written several times since the last flush may also be left by a power cut as one of those writes had it.</param>
internal sealed partial class VolatileMedium(long size, bool isVolatile, bool keepsOlder = false)
{
    public const int SectorSize = 512;
    private const int BlockSize = 64 << 10;
    private const int SectorsOfBlock = BlockSize / SectorSize;

    /// <summary>The most older versions of a sector that are kept.</summary>
    private const int MostOlder = 4;

    private static readonly byte[] Zeroes = new byte[BlockSize];

    private readonly Dictionary<long, Block> _blocks = [];
    private readonly HashSet<long> _dirty = [];
    private readonly Dictionary<long, List<WrittenSector>> _older = [];
    private long _writes;

    public long Size { get; private set; } = size;

    /// <summary>How many pieces of it take memory.</summary>
    public int BlockCount => _blocks.Count;

    /// <summary>The number of a write, which may consist of several pieces.</summary>
    public long BeginWrite() => ++_writes;

    public void Read(long offset, Span<byte> into) => Copy(offset, into, static block => block.Current);

    public void ReadDurable(long offset, Span<byte> into) => Copy(offset, into, isVolatile ? static block => block.Durable : static block => block.Current);

    public void Write(long write, long offset, ReadOnlySpan<byte> bytes, bool durable)
    {
        for (int length; !bytes.IsEmpty; bytes = bytes[length..], offset += length)
        {
            int at = (int)(offset % BlockSize);
            length = Math.Min(bytes.Length, BlockSize - at);
            Block block = BlockOf(offset);
            if (isVolatile)
                BeginSectors(block, write, offset, length);
            bytes[..length].CopyTo(block.Current.AsSpan(at));
            if (durable && isVolatile)
                KeepSectors(block, write, offset, length);
        }
    }

    public void Zero(long offset, long length, bool durable)
    {
        long write = BeginWrite();
        foreach ((long start, int bytes) in PartsWithMemory(offset, length))
            Write(write, start, Zeroes.AsSpan(0, bytes), durable);
    }

    /// <summary>What is written and not durable, in order.</summary>
    public List<WrittenSector> Dirty()
    {
        List<WrittenSector> dirty = new(_dirty.Count);
        foreach (long sector in _dirty.Order())
            dirty.Add(WrittenSector.Of(sector, BlockOf(sector * SectorSize).Written[sector % SectorsOfBlock], CurrentOf(sector)));
        return dirty;
    }

    /// <summary>A flush that ends well makes durable what it found.</summary>
    public void Keep(List<WrittenSector> sectors)
    {
        foreach (WrittenSector sector in CollectionsMarshal.AsSpan(sectors))
            Keep(sector);
    }

    /// <summary>
    /// A flush that failed has lost a part of what it found, by the seed: a read still gives it, and no later flush makes it durable. The rest waits for the next.
    /// </summary>
    public void Lose(List<WrittenSector> sectors, Seeded random, int unit)
    {
        double lost = random.Below(4) / 3.0;
        foreach (IGrouping<long, WrittenSector> whole in sectors.GroupBy(sector => sector.Sector / unit))
        {
            if (!random.Happens(lost))
                continue;
            foreach (WrittenSector sector in whole)
                Settle(sector);
        }
    }

    /// <summary>
    /// Each write that is not durable is lost, kept, or torn by units of sectors, by the seed. Whole ones, because a program that relies on an order of its writes is found out by a later
    /// one that is whole where an earlier one is missing: of units alone that would be too rare.
    /// </summary>
    /// <param name="random">Decides.</param>
    /// <param name="unit">How many sectors are lost or kept as one.</param>
    public PowerLoss Cut(Seeded random, int unit)
    {
        double lose = random.Below(4) / 3.0;
        int lost = 0, kept = 0;
        Dictionary<long, bool?> fates = [];
        foreach (IGrouping<long, WrittenSector> whole in Dirty().GroupBy(sector => sector.Sector / unit))
        {
            long write = whole.First().Write;
            if (!fates.TryGetValue(write, out bool? isWhollyLost))
                fates.Add(write, isWhollyLost = random.Below(2) == 0 ? random.Happens(lose) : null);
            bool isLost = isWhollyLost ?? random.Happens(lose);
            long last = isLost ? 0 : LastWriteLeft(whole, ref random);
            foreach (WrittenSector sector in whole)
            {
                if (VersionsOf(sector).LastOrDefault(version => version.Write <= last) is { Write: > 0 } left)
                {
                    Keep(left);
                    kept++;
                }
                else
                {
                    lost++;
                }
            }
        }

        ChangeDiscarded(ref random, unit);
        foreach (Block block in _blocks.Values)
        {
            block.Durable.CopyTo(block.Current, 0);
            block.Kept.CopyTo(block.Written, 0);
        }

        _dirty.Clear();
        _older.Clear();
        return new PowerLoss(lost, kept);
    }

    /// <summary>Changes the size, durably. A new part is zeroes. What is left and was not durable is not durable now.</summary>
    /// <param name="size">Bytes.</param>
    /// <param name="flushes">What flushes that have not ended are to make durable: what of it lies behind the new end is taken out.</param>
    public void Resize(long size, IEnumerable<List<WrittenSector>> flushes)
    {
        if (size < Size)
        {
            Truncate(size);
            foreach (List<WrittenSector> flush in flushes)
                Truncate(flush, size);
        }

        Size = size;
    }

    private void Copy(long offset, Span<byte> into, Func<Block, byte[]> image)
    {
        for (int length; !into.IsEmpty; into = into[length..], offset += length)
        {
            int at = (int)(offset % BlockSize);
            length = Math.Min(into.Length, BlockSize - at);
            if (_blocks.TryGetValue(offset / BlockSize, out Block? block))
                image(block).AsSpan(at, length).CopyTo(into);
            else
                into[..length].Clear();
        }
    }

    /// <summary>What of a part takes memory, in order: the rest is zeroes.</summary>
    private IEnumerable<(long Start, int Bytes)> PartsWithMemory(long offset, long length)
    {
        if (length <= 0)
            yield break;
        long first = offset / BlockSize, last = (offset + length - 1) / BlockSize;
        long[] blocks = last - first >= _blocks.Count
            ? [.. _blocks.Keys.Where(block => block >= first && block <= last).Order()]
            : [.. LongRange(first, last).Where(_blocks.ContainsKey)];
        foreach (long block in blocks)
        {
            long start = Math.Max(offset, block * BlockSize);
            yield return (start, (int)(Math.Min(offset + length, (block + 1) * BlockSize) - start));
        }
    }

    private static IEnumerable<long> LongRange(long first, long last)
    {
        for (long number = first; number <= last; number++)
            yield return number;
    }

    private void Truncate(long size)
    {
        foreach (long index in _blocks.Keys.Where(index => index * BlockSize >= size).ToArray())
            _blocks.Remove(index);
        if (_blocks.TryGetValue(size / BlockSize, out Block? block))
            block.ClearFrom((int)(size % BlockSize));
        _dirty.RemoveWhere(sector => sector * SectorSize >= size);
        foreach (long sector in _older.Keys.Where(sector => sector * SectorSize >= size).ToArray())
            _older.Remove(sector);
        if (_older.TryGetValue(size / SectorSize, out List<WrittenSector>? versions))
            Truncate(versions, size);
    }

    private static void Truncate(List<WrittenSector> sectors, long size)
    {
        sectors.RemoveAll(sector => sector.Sector * SectorSize >= size);
        foreach (WrittenSector sector in sectors.Where(sector => sector.Sector == size / SectorSize))
            sector.ClearFrom((int)(size % SectorSize));
    }

    private Block BlockOf(long offset)
    {
        if (!_blocks.TryGetValue(offset / BlockSize, out Block? block))
            _blocks.Add(offset / BlockSize, block = new Block(isVolatile));
        return block;
    }

    private Span<byte> CurrentOf(long sector) => BlockOf(sector * SectorSize).Current.AsSpan((int)(sector % SectorsOfBlock) * SectorSize, SectorSize);

    private void BeginSectors(Block block, long write, long offset, int length)
    {
        for (long sector = offset / SectorSize; sector <= (offset + length - 1) / SectorSize; sector++)
        {
            ref long written = ref block.Written[sector % SectorsOfBlock];
            if (written == write)
                continue;
            if (keepsOlder && _dirty.Contains(sector))
                AddOlder(WrittenSector.Of(sector, written, CurrentOf(sector)));
            written = write;
            _dirty.Add(sector);
        }
    }

    private void AddOlder(WrittenSector version)
    {
        ref List<WrittenSector>? versions = ref CollectionsMarshal.GetValueRefOrAddDefault(_older, version.Sector, out _);
        versions ??= [];
        if (versions.Count == MostOlder)
            versions.RemoveAt(0);
        versions.Add(version);
    }

    private void KeepSectors(Block block, long write, long offset, int length)
    {
        for (long sector = offset / SectorSize; sector <= (offset + length - 1) / SectorSize; sector++)
        {
            // The second piece of a sector finds it durable with the first.
            block.Kept[sector % SectorsOfBlock] = Math.Min(block.Kept[sector % SectorsOfBlock], write - 1);
            Keep(WrittenSector.Of(sector, write, CurrentOf(sector)));
        }
    }

    private void Keep(WrittenSector sector)
    {
        Block block = BlockOf(sector.Sector * SectorSize);
        int at = (int)(sector.Sector % SectorsOfBlock);
        if (sector.Write <= block.Kept[at])
            return;
        sector.CopyTo(block.Durable.AsSpan(at * SectorSize, SectorSize));
        Settle(sector);

        // Only now is the sector what the program has made of it: a write that is lost leaves what was discarded.
        if (_discarded.TryGetValue(sector.Sector, out WrittenSector discarded) && discarded.Write < sector.Write)
            _discarded.Remove(sector.Sector);
    }

    /// <summary>A write is no longer one that a flush would make durable.</summary>
    private void Settle(WrittenSector sector)
    {
        Block block = BlockOf(sector.Sector * SectorSize);
        int at = (int)(sector.Sector % SectorsOfBlock);
        block.Kept[at] = Math.Max(block.Kept[at], sector.Write);
        if (block.Kept[at] == block.Written[at])
            _dirty.Remove(sector.Sector);
        if (_older.TryGetValue(sector.Sector, out List<WrittenSector>? versions))
            versions.RemoveAll(version => version.Write <= sector.Write);
    }

    /// <summary>Which write of a unit is the last that a power cut leaves: in half of all cases the last, otherwise any.</summary>
    private long LastWriteLeft(IEnumerable<WrittenSector> unit, ref Seeded random)
    {
        long[] writes = [.. unit.SelectMany(VersionsOf).Select(static version => version.Write).Distinct().Order()];
        return random.Below(2) == 0 ? writes[^1] : writes[random.Below(writes.Length)];
    }

    private IEnumerable<WrittenSector> VersionsOf(WrittenSector current) =>
        _older.TryGetValue(current.Sector, out List<WrittenSector>? versions) ? versions.Append(current) : [current];

    /// <summary>A part of the medium that was written, with the numbers of each sector's latest write and of its latest durable one.</summary>
    private sealed class Block(bool isVolatile)
    {
        public byte[] Current { get; } = new byte[BlockSize];

        public byte[] Durable { get; } = isVolatile ? new byte[BlockSize] : [];

        public long[] Written { get; } = isVolatile ? new long[SectorsOfBlock] : [];

        public long[] Kept { get; } = isVolatile ? new long[SectorsOfBlock] : [];

        /// <summary>What lies behind a position was never written.</summary>
        public void ClearFrom(int position)
        {
            Current.AsSpan(position).Clear();
            if (!isVolatile)
                return;
            Durable.AsSpan(position).Clear();
            int sector = (position + SectorSize - 1) / SectorSize;
            Written.AsSpan(sector).CopyTo(Kept.AsSpan(sector));
        }
    }
}
