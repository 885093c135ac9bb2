using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services.Mirroring.Checksums;

/// <summary>
/// The checksum of every block of the mirror's data, in memory. A block has none while it is written, after a write that failed, and where nothing was written or copied since the mirror was
/// made: then whatever is read is believed. The range lock of who changes a block guards its entry; a read looks without a lock, and what does not match is looked at again under it.
/// </summary>
internal sealed class ChecksumTable(MirrorLayout layout)
{
    private readonly uint[] _entries = new uint[layout.DataBlocks];

    public int Blocks => _entries.Length;

    /// <summary>The entries of a block of checksums on the legs, without those behind the last.</summary>
    public Span<uint> Entries(int checksumBlock)
    {
        int first = checksumBlock * ChecksumBlock.Entries;
        return _entries.AsSpan(first, Math.Min(ChecksumBlock.Entries, _entries.Length - first));
    }

    public bool IsKnown(int block) => Volatile.Read(ref _entries[block]) != 0;

    /// <summary>The blocks of some sectors have no checksum until they get one.</summary>
    public void Forget(long sector, long count) => _entries.AsSpan(BlockOf(sector), (int)(count / MirrorLayout.BlockSectors)).Clear();

    /// <summary>Where the first block of a buffer that does not have its checksum is.</summary>
    /// <param name="sector">What the buffer was read from.</param>
    /// <param name="count">Sectors.</param>
    /// <param name="buffer">The buffer; the first sector is at its beginning.</param>
    /// <param name="from">Sectors of the buffer that are not looked at.</param>
    /// <returns>Sectors from the beginning; -1: there is none.</returns>
    public long FindWrong(long sector, long count, in IoBuffer buffer, long from = 0)
    {
        BlockReader reader = new(stackalloc byte[MirrorLayout.BlockBytes]);
        for (long at = from; at < count; at += MirrorLayout.BlockSectors)
        {
            int block = BlockOf(sector + at);
            uint entry = Volatile.Read(ref _entries[block]);
            if (entry != 0 && entry != BlockChecksum.Of(reader.Read(buffer, at), block))
                return at;
        }

        return -1;
    }

    /// <summary>Gives those blocks of a buffer a checksum that have none. The others have the one that it matches.</summary>
    public void Complete(long sector, long count, in IoBuffer buffer)
    {
        BlockReader reader = new(stackalloc byte[MirrorLayout.BlockBytes]);
        for (long at = 0; at < count; at += MirrorLayout.BlockSectors)
        {
            int block = BlockOf(sector + at);
            if (_entries[block] == 0)
                _entries[block] = BlockChecksum.Of(reader.Read(buffer, at), block);
        }
    }

    /// <summary>The checksums of what is about to be written.</summary>
    /// <param name="sector">Where to.</param>
    /// <param name="count">Sectors.</param>
    /// <param name="buffer">What.</param>
    /// <param name="checksums">An array that is used again where it is long enough.</param>
    public static void Compute(long sector, long count, in IoBuffer buffer, ref uint[] checksums)
    {
        MakeRoom(count, ref checksums);
        BlockReader reader = new(stackalloc byte[MirrorLayout.BlockBytes]);
        for (long at = 0; at < count; at += MirrorLayout.BlockSectors)
            checksums[BlockOf(at)] = BlockChecksum.Of(reader.Read(buffer, at), BlockOf(sector + at));
    }

    /// <summary>The checksums of zeroes.</summary>
    public static void ComputeZeroes(long sector, long count, ref uint[] checksums)
    {
        MakeRoom(count, ref checksums);
        for (long at = 0; at < count; at += MirrorLayout.BlockSectors)
            checksums[BlockOf(at)] = BlockChecksum.OfZeroes(BlockOf(sector + at));
    }

    /// <summary>What was computed is on the legs.</summary>
    public void Set(long sector, long count, uint[] checksums) =>
        checksums.AsSpan(0, (int)(count / MirrorLayout.BlockSectors)).CopyTo(_entries.AsSpan(BlockOf(sector)));

    private static int BlockOf(long sector) => (int)(sector / MirrorLayout.BlockSectors);

    private static void MakeRoom(long count, ref uint[] checksums)
    {
        int blocks = BlockOf(count);
        if (checksums.Length < blocks)
            checksums = new uint[blocks];
    }

    /// <summary>Reads a buffer block by block.</summary>
    private readonly ref struct BlockReader(Span<byte> copy)
    {
        private readonly Span<byte> _copy = copy;

        public ReadOnlySpan<byte> Read(in IoBuffer buffer, long sector)
        {
            long offset = sector * IoRegion.SectorSize;
            if (buffer.TryGetSpan(offset, MirrorLayout.BlockBytes, out ReadOnlySpan<byte> bytes))
                return bytes;
            buffer.CopyTo(offset, _copy);
            return _copy;
        }
    }
}
