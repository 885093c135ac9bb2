using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services.Mirroring.Checksums;

/// <summary>
/// The checksum of every block of the mirror's data, in memory. A block has none after a write that failed or a discard, and where nothing was written or copied since the mirror was made: then
/// whatever is read is believed. The range lock of who changes a block guards its entry; a read looks without a lock, also while a write is in flight, and what does not match is looked at again
/// under it.
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
    public void Forget(long sector, long count) => _entries.AsSpan(BlockOf(sector), BlockOf(count)).Clear();

    /// <summary>Where the first block of a buffer that does not have its checksum is.</summary>
    /// <param name="sector">What the buffer was read from.</param>
    /// <param name="count">Sectors.</param>
    /// <param name="buffer">The buffer; the first sector is at its beginning.</param>
    /// <param name="from">Sectors of the buffer that are not looked at.</param>
    /// <returns>Sectors from the beginning; -1: there is none.</returns>
    public long FindWrong(long sector, long count, in IoBuffer buffer, long from = 0)
    {
        Span<byte> copy = stackalloc byte[MirrorLayout.BlockBytes];
        for (long at = from; at < count; at += MirrorLayout.BlockSectors)
        {
            int block = BlockOf(sector + at);
            uint entry = Volatile.Read(ref _entries[block]);
            if (entry != 0 && entry != Of(buffer, at, block, copy))
                return at;
        }

        return -1;
    }

    /// <summary>The checksums of those blocks of a buffer that have none.</summary>
    /// <param name="sector">What the buffer was read from.</param>
    /// <param name="count">Sectors.</param>
    /// <param name="buffer">The buffer.</param>
    /// <param name="checksums">Where they go, one for each block of the buffer; the others stay as they are.</param>
    public void ComputeUnknown(long sector, long count, in IoBuffer buffer, Span<uint> checksums)
    {
        Span<byte> copy = stackalloc byte[MirrorLayout.BlockBytes];
        for (long at = 0; at < count; at += MirrorLayout.BlockSectors)
        {
            int block = BlockOf(sector + at);
            if (_entries[block] == 0)
                checksums[BlockOf(at)] = Of(buffer, at, block, copy);
        }
    }

    /// <summary>Takes checksums, with the range locked since they were computed, for the blocks that have none.</summary>
    public void Complete(long sector, ReadOnlySpan<uint> checksums)
    {
        Span<uint> entries = _entries.AsSpan(BlockOf(sector), checksums.Length);
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i] == 0)
                entries[i] = checksums[i];
        }
    }

    /// <summary>The checksums of what is about to be written.</summary>
    /// <param name="sector">Where to.</param>
    /// <param name="count">Sectors.</param>
    /// <param name="buffer">What.</param>
    /// <param name="checksums">An array that is used again where it is long enough.</param>
    public static void Compute(long sector, long count, in IoBuffer buffer, ref uint[] checksums)
    {
        if (checksums.Length < BlockOf(count))
            checksums = new uint[BlockOf(count)];
        Span<byte> copy = stackalloc byte[MirrorLayout.BlockBytes];
        for (long at = 0; at < count; at += MirrorLayout.BlockSectors)
            checksums[BlockOf(at)] = Of(buffer, at, BlockOf(sector + at), copy);
    }

    /// <summary>What was computed is on the legs.</summary>
    public void Set(long sector, long count, uint[] checksums) => checksums.AsSpan(0, BlockOf(count)).CopyTo(_entries.AsSpan(BlockOf(sector)));

    /// <summary>Zeroes are on the legs.</summary>
    public void SetZeroes(long sector, long count)
    {
        int first = BlockOf(sector);
        Span<uint> entries = _entries.AsSpan(first, BlockOf(count));
        for (int i = 0; i < entries.Length; i++)
            entries[i] = BlockChecksum.OfZeroes(first + i);
    }

    /// <summary>Of a copy: a buffer that is disposed meanwhile is an exception, and no access to memory that is gone.</summary>
    private static uint Of(in IoBuffer buffer, long sector, int block, Span<byte> copy)
    {
        buffer.CopyTo(sector * IoRegion.SectorSize, copy);
        return BlockChecksum.Of(copy, block);
    }

    private static int BlockOf(long sector) => (int)(sector / MirrorLayout.BlockSectors);
}
