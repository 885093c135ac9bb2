using System.Runtime.InteropServices;

namespace DmIoUring.ScratchDevices;

/// <summary>
/// The bytes of a <see cref="FaultFile"/>, twice: what a read gives, and what a power cut leaves. A flush covers the writes that had
/// ended when it came, and no later ones: the least that a disk may do. Not for several threads.
/// </summary>
internal sealed class VolatileMedium(int size, bool cached)
{
    public const int SectorSize = 512;
    private readonly byte[] _current = new byte[size];
    private readonly byte[] _durable = cached ? new byte[size] : [];

    // Numbers of writes: of the latest one to a sector, and of the latest one that is durable.
    private readonly long[] _written = cached ? new long[size / SectorSize] : [];
    private readonly long[] _kept = cached ? new long[size / SectorSize] : [];
    private long _writes;

    public ReadOnlySpan<byte> Current => _current;

    public ReadOnlySpan<byte> Durable => cached ? _durable : _current;

    public void Write(long offset, ReadOnlySpan<byte> bytes, bool durable)
    {
        bytes.CopyTo(_current.AsSpan((int)offset));
        if (!cached || bytes.IsEmpty)
            return;
        _writes++;
        int first = (int)(offset / SectorSize);
        int last = (int)((offset + bytes.Length - 1) / SectorSize);
        _written.AsSpan(first, last - first + 1).Fill(_writes);
        if (!durable)
            return;
        for (int sector = first; sector <= last; sector++)
            Keep(sector, _writes, SectorOf(_current, sector));
    }

    public void Zero(long offset, int length) => Write(offset, new byte[length], durable: false);

    public List<WrittenSector> Dirty()
    {
        List<WrittenSector> dirty = [];
        for (int sector = 0; sector < _written.Length; sector++)
        {
            if (_written[sector] != _kept[sector])
                dirty.Add(new WrittenSector(sector, _written[sector], SectorOf(_current, sector).ToArray()));
        }

        return dirty;
    }

    public void Keep(List<WrittenSector> sectors)
    {
        foreach (WrittenSector sector in CollectionsMarshal.AsSpan(sectors))
            Keep(sector.Sector, sector.Write, sector.Bytes);
    }

    /// <summary>Each sector that is not durable is lost or kept, by the seed: a large write tears.</summary>
    /// <returns>How many were lost and how many were kept.</returns>
    public (int Lost, int Kept) Cut(int seed)
    {
#pragma warning disable CA5394 // Nothing secret: the seed is the point.
        Random random = new(seed);
        double lose = random.Next(4) / 3.0;
        int lost = 0, kept = 0;
        foreach (WrittenSector sector in Dirty())
        {
            if (random.NextDouble() < lose)
            {
                lost++;
                continue;
            }

            kept++;
            Keep(sector.Sector, sector.Write, sector.Bytes);
        }
#pragma warning restore CA5394

        _durable.CopyTo(_current, 0);
        _kept.CopyTo(_written, 0);
        return (lost, kept);
    }

    private static Span<byte> SectorOf(byte[] image, int sector) => image.AsSpan(sector * SectorSize, SectorSize);

    private void Keep(int sector, long write, ReadOnlySpan<byte> bytes)
    {
        if (write <= _kept[sector])
            return;
        _kept[sector] = write;
        bytes.CopyTo(SectorOf(_durable, sector));
    }
}
