namespace DmIoUring.Cli.Stress;

/// <summary>One operation under way: its memory, its blocks' claims, and how it ended. Belongs to one worker.</summary>
internal sealed class StressSlot(StressRun run, int capacity, Action<StressSlot> ended) : IDisposable
{
    private readonly IoRegion[] _regions = new IoRegion[IoRegion.MaxRegions];
    private CancellationTokenSource? _cancel;
    private DmIoClient? _client;
    private IoBuffer _memory;
    private bool _hasReport;

    public StressOperation Operation { get; private set; } = null!;

    public StressBuffer Buffer { get; } = new(capacity);

    public IReadOnlyList<StressLeg> Legs => run.Legs;

    public IoResult Result { get; private set; }

    /// <summary>How the read ended that the write's callback submitted; null when there was none.</summary>
    public IoResult? ReadBack { get; private set; }

    /// <summary>The state of each region's device before the request.</summary>
    public FaultState[] Before { get; } = new FaultState[IoRegion.MaxRegions];

    public int StartMilliseconds { get; private set; }

    public IoReport Report { get; } = new();

    /// <summary>The report where the call takes one.</summary>
    public IoReport? ReportIfAny => _hasReport ? Report : null;

    /// <summary>A region's failure. Some calls take no report: then all that failed is told like the first.</summary>
    public IoFailure FailureOf(int region)
    {
        if (_hasReport)
            return Report[region];
        if (!Result.Failed[region] && !Result.Unsupported[region])
            return default;
        bool late = Operation.Client == StressClients.Hasty && Result.Failed[region] && region != Result.First.Region;
        return Result.First with { Region = region, Cause = late ? IoFailureCause.TimedOut : Result.First.Cause };
    }

    /// <summary>Claims the operation's blocks; false when one is in use, and then nothing is claimed.</summary>
    public bool TryClaim(StressOperation operation)
    {
        Operation = operation;
        for (int i = 0; i < operation.Regions.Length; i++)
        {
            StressRegion region = operation.Regions[i];
            StressLeg leg = Legs[region.Leg];
            bool claimed = leg.Claims.TryClaim(region.Sector, region.Count, Exclusive);
            if (claimed && (!operation.IsModifying || leg.Contents.HasRoom(region.Sector, region.Count)))
                continue;
            Release(claimed ? i + 1 : i);
            return false;
        }

        return true;
    }

    /// <summary>Submits it. A client that was ended meanwhile has a successor.</summary>
    /// <param name="mayWait">Whether the worker may wait for pool pages.</param>
    public void Start(bool mayWait)
    {
        ReadBack = null;
        StartMilliseconds = run.Milliseconds;
        for (int i = 0; i < Operation.Regions.Length; i++)
        {
            StressRegion region = Operation.Regions[i];
            _regions[i] = new IoRegion(Legs[region.Leg].Device, region.Sector, region.Count, (long)region.BufferSector * IoRegion.SectorSize);
            Before[i] = Legs[region.Leg].Fault;
        }

        _cancel = Operation.CancelAfter == StressOperation.NoCancel ? null : new CancellationTokenSource();
        while (true)
        {
            DmIoClient client = run.Clients[Operation.Client];
            try
            {
                Lay(client, mayWait);
                Submit(client, mayWait);
                return;
            }
            catch (ObjectDisposedException) when (!ReferenceEquals(client, run.Clients[Operation.Client]))
            {
                Buffer.Release();
            }
        }
    }

    /// <summary>Gives everything back that the operation held.</summary>
    public void End()
    {
        Buffer.Release();
        _cancel?.Dispose();
        Release(Operation.Regions.Length);
    }

    public void Dispose()
    {
        _cancel?.Dispose();
        Buffer.Dispose();
    }

    private bool Exclusive => Operation.IsModifying;

    private ReadOnlySpan<IoRegion> Regions => _regions.AsSpan(0, Operation.Regions.Length);

    private void Lay(DmIoClient client, bool mayWait)
    {
        if (Operation.Kind is not (OperationKind.Read or OperationKind.Write))
            return;
        bool reads = Operation.Kind == OperationKind.Read;
        BufferShape shape = reads && Operation.Shape == BufferShape.Sequence ? BufferShape.Segments : Operation.Shape;
        _memory = Buffer.Lay(shape, Operation.BufferSectors * IoRegion.SectorSize, Operation.Luck, client, mayWait, out bool gotPages);
        if (!gotPages)
            run.Progress.AddWithoutPages();
        if (reads)
        {
            Buffer.Spoil();
            return;
        }

        StampedBuffer.Fill(Buffer.Ordered, Operation, run.Plan.Seed);
        Buffer.Scatter();
    }

    private void Submit(DmIoClient client, bool mayWait)
    {
        _client = client;

        // Without a report a request of one chunk goes past the ring.
        bool transfers = Operation.Kind is OperationKind.Read or OperationKind.Write;
        _hasReport = transfers ? Operation.Regions.Length > 1 || (Operation.Luck & 1) == 0 : Operation.Way != CallWay.Synchronous;
        IoFlags flags = Operation.Flags;
        if (Buffer.HoldsPages || !mayWait)
            flags &= ~IoFlags.StableCopy;
        IoRequestOptions options = new(flags, Operation.Priority, ReportIfAny);
        bool cancelFirst = Operation.CancelAfter == 0 && (Operation.Luck & 2) == 0;
        if (cancelFirst)
            _cancel!.Cancel();
        try
        {
            Call(client, options);
        }
        catch (InvalidOperationException exception) when ((flags & IoFlags.StableCopy) != 0 && exception is not ObjectDisposedException)
        {
            // More than is reserved: the copy has no pages.
            flags &= ~IoFlags.StableCopy;
            run.Progress.AddWithoutPages();
            Call(client, options with { Flags = flags });
        }

        if ((flags & IoFlags.StableCopy) != 0 && Operation.Way != CallWay.Synchronous)
            Buffer.Spoil();
        if (Operation.CancelAfter > 0)
            _cancel!.CancelAfter(Operation.CancelAfter);
        else if (Operation.CancelAfter == 0 && !cancelFirst)
            _cancel!.Cancel();
    }

    private void Call(DmIoClient client, in IoRequestOptions options)
    {
        CancellationToken token = _cancel?.Token ?? CancellationToken.None;
        switch (Operation.Way)
        {
            case CallWay.Synchronous:
                Finish(CallSynchronously(client, options));
                break;
            case CallWay.TryCallback when Operation.Kind == OperationKind.Read && client.TrySubmitRead(_regions[0], _memory, Notify, this, options):
            case CallWay.TryCallback when Operation.Kind == OperationKind.Write && client.TrySubmitWrite(Regions, _memory, Notify, this, options):
                break;
            case CallWay.Awaited:
                _ = EndAfterAsync(CallAwaited(client, options, token));
                break;
            default:
                CallWithCallback(client, options);
                break;
        }
    }

    private IoResult CallSynchronously(DmIoClient client, in IoRequestOptions options) => Operation.Kind switch
    {
        OperationKind.Read => client.Read(_regions[0], _memory, options),
        OperationKind.Write => client.Write(Regions, _memory, options),
        OperationKind.Flush => client.Flush(Regions),
        OperationKind.Discard => client.Discard(Regions),
        _ => client.WriteZeroes(Regions),
    };

    private ValueTask<IoResult> CallAwaited(DmIoClient client, in IoRequestOptions options, CancellationToken token) => Operation.Kind switch
    {
        OperationKind.Read => client.ReadAsync(_regions[0], _memory, options, token),
        OperationKind.Write => client.WriteAsync(Regions, _memory, options, token),
        OperationKind.Flush => client.FlushAsync(Regions, options, token),
        OperationKind.Discard => client.DiscardAsync(Regions, options, token),
        _ => client.WriteZeroesAsync(Regions, options, token),
    };

    private void CallWithCallback(DmIoClient client, in IoRequestOptions options)
    {
        switch (Operation.Kind)
        {
            case OperationKind.Read:
                client.SubmitRead(_regions[0], _memory, Notify, this, options);
                break;
            case OperationKind.Write:
                client.SubmitWrite(Regions, _memory, Notify, this, options);
                break;
            case OperationKind.Flush:
                client.SubmitFlush(Regions, Notify, this, options);
                break;
            case OperationKind.Discard:
                client.SubmitDiscard(Regions, Notify, this, options);
                break;
            default:
                client.SubmitWriteZeroes(Regions, Notify, this, options);
                break;
        }
    }

    private static void Notify(IoResult result, object? context)
    {
        StressSlot slot = (StressSlot)context!;
        if (!slot.Operation.ReadsBack || !result.IsSuccess || !slot.TrySubmitReadBack())
            slot.Finish(result);
    }

    /// <summary>In the write's callback: the same bytes come back into the same memory.</summary>
    private bool TrySubmitReadBack()
    {
        Buffer.Spoil();
        try
        {
            _client!.SubmitRead(_regions[0], _memory, static (result, context) =>
            {
                StressSlot slot = (StressSlot)context!;
                slot.ReadBack = result;
                slot.Finish(default);
            }, this);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private async Task EndAfterAsync(ValueTask<IoResult> task)
    {
        try
        {
            Finish(await task.ConfigureAwait(false));
        }
        catch (InvalidOperationException exception)
        {
            run.Report(exception, Operation.Describe(Legs));
        }
    }

    private void Finish(IoResult result)
    {
        Result = result;
        ended(this);
    }

    private void Release(int regions)
    {
        for (int i = 0; i < regions; i++)
        {
            StressRegion region = Operation.Regions[i];
            Legs[region.Leg].Claims.Release(region.Sector, region.Count, Exclusive);
        }
    }
}
