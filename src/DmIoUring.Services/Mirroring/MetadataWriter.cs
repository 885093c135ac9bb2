using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services.Mirroring;

/// <summary>
/// Brings the legs' states and the log to the medium of every leg in sync: one write at a time, and whoever comes meanwhile shares the next.
/// </summary>
internal sealed class MetadataWriter : IDisposable
{
    /// <summary>Blocks of the log in one request.</summary>
    private const int BlocksAtOnce = 16;

    private readonly MirrorDevice _mirror;
    private readonly MirrorLayout _layout;
    private readonly IoMemory _memory;
    private readonly List<(long Ticket, TaskCompletionSource<bool> Done)> _waiting = [];
    private readonly List<int> _blocks = [];
    private long _requested;
    private bool _isRunning;

    public MetadataWriter(MirrorDevice mirror, MirrorLayout layout, int legs)
    {
        _mirror = mirror;
        _layout = layout;
        _memory = IoMemory.Allocate(Math.Max(BlocksAtOnce, legs) * MirrorLayout.BlockBytes);
    }

    /// <summary>How the last write that failed on a leg did.</summary>
    public IoResult Failure { get; private set; }

    /// <summary>Must be called with the mirror's lock held.</summary>
    /// <returns>Ends when all that has changed until now is on the medium of every leg that is in sync then; false: on none.</returns>
    public Task<bool> CommitAsync()
    {
        TaskCompletionSource<bool> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add((++_requested, done));
        if (!_isRunning)
        {
            _isRunning = true;
            _ = Task.Run(RunAsync);
        }

        return done.Task;
    }

    public void Dispose() => _memory.Dispose();

    private async Task RunAsync()
    {
        while (true)
        {
            long ticket;
            lock (_mirror.Gate)
            {
                if (_waiting.Count == 0)
                {
                    _isRunning = false;
                    return;
                }

                // What changes from here on is for those who come from here on: nobody waits for the changes of others.
                ticket = _requested;
                _mirror.Log.TakeChangedBlocks(_blocks);
            }

            bool isWritten = false;
            Exception? failure = null;
            try
            {
                // The log first: a leg that comes back into sync has all of it before it says so.
                do
                {
                    isWritten = await WriteLogAsync().ConfigureAwait(false) && await WriteSuperblocksAsync().ConfigureAwait(false);
                }
                while (isWritten && TakeLogOfNewLeg());
            }
            catch (Exception exception)
            {
                // The client or a device was disposed: everyone who waits is told.
                failure = exception;
            }

            lock (_mirror.Gate)
            {
                foreach (int block in _blocks)
                    _mirror.Log.ReturnChangedBlock(block);
                _blocks.Clear();
                foreach ((long _, TaskCompletionSource<bool> done) in _waiting.TakeWhile(waiter => waiter.Ticket <= ticket))
                {
                    if (failure is null)
                        done.SetResult(isWritten);
                    else
                        done.SetException(failure);
                }

                _waiting.RemoveAll(waiter => waiter.Ticket <= ticket);
            }
        }
    }

    /// <summary>Whether a leg has come into sync meanwhile, which needs the log before it is recorded.</summary>
    private bool TakeLogOfNewLeg()
    {
        lock (_mirror.Gate)
        {
            if (!_mirror.Log.IsNewLegWaiting)
                return false;
            _mirror.Log.TakeChangedBlocks(_blocks);
            return true;
        }
    }

    /// <summary>Writes the blocks that have changed; those that are left in the list could not be written.</summary>
    private async Task<bool> WriteLogAsync()
    {
        while (_blocks.Count > 0)
        {
            MirrorCall call;
            int count = Math.Min(_blocks.Count, BlocksAtOnce);
            lock (_mirror.Gate)
            {
                // The devices are those of now: a leg may be replaced at any time.
                call = _mirror.RentCall(static leg => leg.IsInSync);
                for (int at = 0; at < count; at++)
                {
                    int block = _blocks[_blocks.Count - 1 - at];
                    LogBlock.Write(Block(at), _mirror.Id, block, _mirror.Log.Block(block));
                }
            }

            try
            {
                for (int at = 0; at < count; at++)
                {
                    int block = _blocks[^1], bytes = at * MirrorLayout.BlockBytes;
                    IoRegion[] regions = [.. call.Legs.Select(leg => new IoRegion(
                        leg.Device!, _layout.LogSector(leg.Device!.SectorCount, block), MirrorLayout.BlockSectors, bytes))];
                    if (!IsDone(call, await _mirror.WriteMetadataAsync(call, regions, _memory, IoFlags.Fua).ConfigureAwait(false)))
                        return false;
                    lock (_mirror.Gate)
                        _mirror.Log.EndBlock(block, LogBlock.Bits(Block(at)));
                    _blocks.RemoveAt(_blocks.Count - 1);
                }
            }
            finally
            {
                lock (_mirror.Gate)
                    _mirror.ReturnCall(call);
            }
        }

        return true;
    }

    /// <summary>
    /// Until all legs say what is so: one that fails it is out of sync, which the others have to say. A leg that is being resynchronized says that it is not in sync, so that what was
    /// copied in part is not taken for a leg.
    /// </summary>
    private async Task<bool> WriteSuperblocksAsync()
    {
        while (true)
        {
            MirrorCall call;
            ChangeStamp change;
            lock (_mirror.Gate)
            {
                if (_mirror.IsRecorded || _mirror.Log.IsNewLegWaiting)
                    return true;
                call = _mirror.RentCall(static leg => leg.IsWritten);
                change = _mirror.NewestChange;
                FillSuperblocks(call, change);
            }

            try
            {
                // One after the other: a loss of power can tear the one that is written. A leg has failed when it has neither: a bad sector takes one away at most.
                LegFailures first = await WriteSlotAsync(call, 0).ConfigureAwait(false);
                LegFailures both = first.And(await WriteSlotAsync(call, 1).ConfigureAwait(false));
                if (!IsDone(call, both))
                    return false;
                lock (_mirror.Gate)
                {
                    foreach (MirrorLeg leg in call.Legs)
                        leg.Confirmed = leg.IsWritten ? change : leg.Confirmed;
                    _mirror.RecordedChange = change;
                }
            }
            finally
            {
                lock (_mirror.Gate)
                    _mirror.ReturnCall(call);
            }
        }
    }

    private void FillSuperblocks(MirrorCall call, ChangeStamp change)
    {
        // Whether this arrives or not is not known until it has ended.
        foreach (MirrorLeg leg in call.Legs)
            leg.Last = change;
        SuperblockEntry[] entries = _mirror.Entries();
        foreach (MirrorLeg leg in call.Legs)
            _mirror.SuperblockOf(leg, entries, change).Write(Block(leg.Index));
    }

    private Task<LegFailures> WriteSlotAsync(MirrorCall call, int slot) => _mirror.WriteMetadataAsync(
        call,
        [.. call.Legs.Select(leg => new IoRegion(
            leg.Device!, MirrorLayout.SuperblockSector(leg.Device!.SectorCount, slot), MirrorLayout.BlockSectors, leg.Index * MirrorLayout.BlockBytes))],
        _memory,
        IoFlags.Fua);

    /// <summary>Whether a leg in sync has it. The others are out of sync now, and this is to be recorded.</summary>
    private bool IsDone(MirrorCall call, in LegFailures failures)
    {
        lock (_mirror.Gate)
        {
            if (!failures.IsEmpty)
                Failure = failures.Result;
            return _mirror.TakeOut(call.Legs, failures);
        }
    }

    private Span<byte> Block(int at) => _memory.GetSpan().Slice(at * MirrorLayout.BlockBytes, MirrorLayout.BlockBytes);
}
