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
    private readonly int[] _blocks = new int[BlocksAtOnce];
    private readonly IoRegion[][] _regions = new IoRegion[BlocksAtOnce][];
    private long _requested;
    private bool _isRunning;

    public MetadataWriter(MirrorDevice mirror, MirrorLayout layout, int legs)
    {
        _mirror = mirror;
        _layout = layout;
        _memory = IoMemory.Allocate(Math.Max(BlocksAtOnce, legs) * MirrorLayout.BlockBytes);
    }

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

                ticket = _requested;
            }

            bool isWritten = false;
            Exception? failure = null;
            try
            {
                isWritten = await WriteAsync().ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // The client or a device was disposed: everyone who waits is told.
                failure = exception;
            }

            lock (_mirror.Gate)
            {
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

    /// <summary>Writes until nothing is left: a leg that fails is out of sync, which is to be written to the others.</summary>
    private async Task<bool> WriteAsync()
    {
        while (true)
        {
            MirrorCall call;
            int blocks;
            long change;
            lock (_mirror.Gate)
            {
                blocks = FillBlocks();
                change = _mirror.Changes;
                if (blocks == 0 && change == _mirror.RecordedChanges)
                    return true;
                call = _mirror.RentCall(static leg => leg.IsInSync);

                // The devices are those of now: a leg may be replaced at any time. The log goes first: a leg that comes back into sync has all of it before it says so.
                for (int at = 0; at < blocks; at++)
                    _regions[at] = LogRegions(call, at);
                if (blocks == 0)
                    _regions[0] = FillSuperblocks(call, change);
            }

            try
            {
                if (!await (blocks > 0 ? WriteBlocksAsync(call, blocks) : WriteSuperblocksAsync(call, change)).ConfigureAwait(false))
                    return false;
            }
            finally
            {
                lock (_mirror.Gate)
                    _mirror.ReturnCall(call);
            }
        }
    }

    private int FillBlocks()
    {
        int count = 0;
        while (count < BlocksAtOnce && _mirror.Log.TakeChangedBlock() is >= 0 and int block)
        {
            LogBlock.Write(Block(count), _mirror.Id, block, _mirror.Log.Block(block));
            _blocks[count++] = block;
        }

        return count;
    }

    private async Task<bool> WriteBlocksAsync(MirrorCall call, int blocks)
    {
        bool isWritten = false;
        int done = 0;
        try
        {
            for (; done < blocks; done++)
            {
                isWritten = await WriteToLegsAsync(call, _regions[done]).ConfigureAwait(false);
                if (!isWritten)
                    return false;
                lock (_mirror.Gate)
                    _mirror.Log.EndBlock(_blocks[done], LogBlock.Bits(Block(done)));
            }
        }
        finally
        {
            lock (_mirror.Gate)
            {
                for (; done < blocks; done++)
                    _mirror.Log.ReturnChangedBlock(_blocks[done]);
            }
        }

        return true;
    }

    private IoRegion[] LogRegions(MirrorCall call, int at) => [.. call.Legs.Select(leg => new IoRegion(
        leg.Device!, _layout.LogSector(leg.Device!.SectorCount, _blocks[at]), MirrorLayout.BlockSectors, at * MirrorLayout.BlockBytes))];

    private IoRegion[] FillSuperblocks(MirrorCall call, long change)
    {
        SuperblockEntry[] entries = _mirror.Entries();
        foreach (MirrorLeg leg in call.Legs)
        {
            // Whether this arrives or not is not known until it has ended.
            leg.LastChange = change;
            _mirror.SuperblockOf(leg, entries, change).Write(Block(leg.Index));
        }

        int slot = (int)(change % MirrorLayout.Superblocks);
        return [.. call.Legs.Select(leg => new IoRegion(
            leg.Device!, MirrorLayout.SuperblockSector(leg.Device!.SectorCount, slot), MirrorLayout.BlockSectors, leg.Index * MirrorLayout.BlockBytes))];
    }

    private async Task<bool> WriteSuperblocksAsync(MirrorCall call, long change)
    {
        if (!await WriteToLegsAsync(call, _regions[0]).ConfigureAwait(false))
            return false;
        lock (_mirror.Gate)
            _mirror.RecordedChanges = change;
        return true;
    }

    /// <summary>Whether a leg in sync has it. The others are out of sync now, and this is to be recorded.</summary>
    private async Task<bool> WriteToLegsAsync(MirrorCall call, IoRegion[] regions)
    {
        if (_layout.IsInMemory)
            return true;
        if (regions.Length == 0)
            return false;
        IoResult result = await _mirror.Client.WriteAsync(regions, _memory.ToBuffer(), new IoRequestOptions(IoFlags.Fua, Report: call.Report)).ConfigureAwait(false);
        if (result.IsSuccess)
            return true;
        LegFailures failures = LegFailures.Of(result, call);
        lock (_mirror.Gate)
            return _mirror.TakeOut(call.Legs, failures, unsupportedToo: true);
    }

    private Span<byte> Block(int at) => _memory.GetSpan().Slice(at * MirrorLayout.BlockBytes, MirrorLayout.BlockBytes);
}
