using System.Numerics;
using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services.Mirroring;

/// <summary>
/// Which regions may differ between the legs. A region's bit is on the medium of all legs in sync before a write to it is submitted, and goes when no write has been in flight there
/// since before a flush that ended well on all legs. dm-log's region log (drivers/md/dm-log.c). Every method must be called with the mirror's lock held.
/// </summary>
internal sealed class DirtyLog
{
    private readonly MirrorLayout _layout;

    /// <summary>What the next write of the log says.</summary>
    private readonly ulong[] _dirty;

    /// <summary>Of these, what is on the medium and will be after every write of the log that is in flight.</summary>
    private readonly ulong[] _durable;
    private readonly ulong[] _changedBlocks;
    private readonly int[] _writes;

    /// <summary>How many flushes had begun when the region's last write ended.</summary>
    private readonly long[] _lastWrite;
    private long _flushesBegun = 1;
    private long _flushed;

    public DirtyLog(MirrorLayout layout)
    {
        _layout = layout;
        int words = layout.LogBlocks * LogBlock.WordsPerBlock;
        _dirty = new ulong[words];
        _durable = new ulong[words];
        _changedBlocks = new ulong[(layout.LogBlocks + 63) / 64];
        _writes = new int[layout.Regions];
        _lastWrite = new long[layout.Regions];
    }

    /// <summary>Whether a block is to be written.</summary>
    public bool HasChangedBlocks => _changedBlocks.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>The bits of a block.</summary>
    public Span<ulong> Block(int block) => _dirty.AsSpan(block * LogBlock.WordsPerBlock, LogBlock.WordsPerBlock);

    /// <summary>How many flushes have begun.</summary>
    public long FlushesBegun => _flushesBegun;

    public bool IsDirty(int region) => Has(_dirty, region);

    public long CountDirty()
    {
        long count = 0;
        foreach (ulong word in _dirty)
            count += BitOperations.PopCount(word);
        return count;
    }

    /// <summary>Begins a write.</summary>
    /// <returns>Whether it may be submitted at once; otherwise when the log has been written.</returns>
    public bool BeginWrite(long sector, long count)
    {
        bool isDurable = true;
        int last = _layout.RegionOf(sector + count - 1);
        for (int region = _layout.RegionOf(sector); region <= last; region++)
        {
            _writes[region]++;
            isDurable &= Has(_durable, region);
            if (!Has(_dirty, region))
                Mark(region);
        }

        return isDurable;
    }

    public void EndWrite(long sector, long count)
    {
        int last = _layout.RegionOf(sector + count - 1);
        for (int region = _layout.RegionOf(sector); region <= last; region++)
        {
            _writes[region]--;
            _lastWrite[region] = _flushesBegun;
        }
    }

    /// <summary>What the log says after a crash: it is on the medium.</summary>
    public void Load(ReadOnlySpan<ulong> dirty)
    {
        dirty.CopyTo(_dirty);
        dirty.CopyTo(_durable);
    }

    /// <summary>Whether a leg has come that has no block: it may not be recorded as in sync before it has all.</summary>
    public bool IsNewLegWaiting { get; private set; }

    /// <summary>Every block is to be written, to a leg that has none of them.</summary>
    public void ChangeAll()
    {
        IsNewLegWaiting = true;
        for (int block = 0; block < _layout.LogBlocks; block++)
            _changedBlocks[block / 64] |= 1UL << block % 64;
    }

    /// <summary>All blocks that are to be written; they are no more.</summary>
    public void TakeChangedBlocks(List<int> blocks)
    {
        IsNewLegWaiting = false;
        for (int block = TakeChangedBlock(); block >= 0; block = TakeChangedBlock())
            blocks.Add(block);
    }

    /// <summary>The next block that is to be written, which it is no more; -1: none.</summary>
    internal int TakeChangedBlock()
    {
        for (int i = 0; i < _changedBlocks.Length; i++)
        {
            if (_changedBlocks[i] == 0)
                continue;
            int bit = BitOperations.TrailingZeroCount(_changedBlocks[i]);
            _changedBlocks[i] &= _changedBlocks[i] - 1;
            return i * 64 + bit;
        }

        return -1;
    }

    /// <summary>A block could not be written.</summary>
    public void ReturnChangedBlock(int block) => _changedBlocks[block / 64] |= 1UL << block % 64;

    /// <summary>A block is on the medium. What was cleared meanwhile is not durable: the next write of the block takes it away.</summary>
    public void EndBlock(int block, ReadOnlySpan<ulong> written)
    {
        int first = block * LogBlock.WordsPerBlock;
        for (int i = 0; i < written.Length; i++)
            _durable[first + i] |= written[i] & _dirty[first + i];
    }

    /// <summary>A flush of all legs in sync is about to be submitted.</summary>
    /// <returns>To be given to <see cref="EndFlush"/>.</returns>
    public long BeginFlush() => _flushesBegun++;

    /// <summary>It has ended well on all of them.</summary>
    public void EndFlush(long flush) => _flushed = Math.Max(_flushed, flush);

    /// <summary>Which writes are durable and old enough that their regions can be clean.</summary>
    /// <param name="idleSince">What <see cref="BeginFlush"/> has returned: a region whose last write ended later stays dirty.</param>
    /// <returns>For the two methods below.</returns>
    public long IdleBefore(long idleSince) => Math.Min(_flushed, idleSince);

    /// <summary>The dirty regions without a write in flight or since then, in ascending order.</summary>
    public List<int> IdleRegions(long before)
    {
        List<int> idle = [];
        for (int word = 0; word < _dirty.Length; word++)
        {
            for (ulong rest = _dirty[word]; rest != 0; rest &= rest - 1)
            {
                int region = word * 64 + BitOperations.TrailingZeroCount(rest);
                if (_writes[region] == 0 && _lastWrite[region] <= before)
                    idle.Add(region);
            }
        }

        return idle;
    }

    /// <summary>Clears them.</summary>
    public void Clean(long before) => IdleRegions(before).ForEach(Clear);

    private void Mark(int region)
    {
        _dirty[region / 64] |= 1UL << region % 64;
        ReturnChangedBlock(region / LogBlock.RegionsPerBlock);
    }

    private void Clear(int region)
    {
        _dirty[region / 64] &= ~(1UL << region % 64);
        _durable[region / 64] &= ~(1UL << region % 64);
        ReturnChangedBlock(region / LogBlock.RegionsPerBlock);
    }

    private static bool Has(ulong[] bits, int region) => (bits[region / 64] >> region % 64 & 1) != 0;
}
