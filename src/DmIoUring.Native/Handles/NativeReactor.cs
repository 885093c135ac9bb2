using System.Runtime.CompilerServices;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Requests;

namespace DmIoUring.Native.Handles;

/// <summary>A reactor that C has opened.</summary>
internal sealed class NativeReactor : Submitter
{
    /// <summary>The reactors whose callbacks the thread runs, one in another.</summary>
    [ThreadStatic]
    private static List<NativeReactor>? _running;

    private readonly Unfinished _unfinished = new();

    private readonly bool _canBeWoken;

    public NativeReactor(in CClientOptions options)
    {
        _canBeWoken = (options.Flags & CClientOptions.Wakeable) != 0;
        if (options.Lanes != 0 || (options.Flags & CClientOptions.Polled) != 0)
            throw new NativeException(Errno.EINVAL, "A reactor has no lanes, and is polled always: set neither lanes nor DMIO_CLIENT_POLLED.");
        Reactor = new IoReactor(new IoReactorOptions
        {
            QueueDepth = options.CheckedQueueDepth,
            Ring = options.Ring,
            WaitPolicy = options.WaitPolicy,
            RequestTimeLimit = options.RequestTimeLimit,
            DisposeTimeLimit = options.CloseTimeLimit,
            DisposeGaveUp = _unfinished.Set,
            CanBeWoken = _canBeWoken,
        });
        try
        {
            _ = options.Pages == 0 && options.Requests == 0 ? null
                : options.Requests == 0 ? Reactor.Reserve(options.CheckedPages)
                : Reactor.Reserve(options.CheckedPages, options.CheckedRequests);
        }
        catch
        {
            Reactor.Dispose();
            throw;
        }
    }

    public IoReactor Reactor { get; }

    /// <summary>Submits, waits and runs callbacks. What a callback closed has ended when it returns, or is still there to be closed.</summary>
    /// <exception cref="NativeException">ETIMEDOUT: a callback closed it, and it did not end within the limit.</exception>
    public int Poll(int minimum, TimeSpan? timeout)
    {
        List<NativeReactor> running = _running ??= [];
        running.Add(this);
        int ended;
        try
        {
            ended = Reactor.Poll(minimum, timeout);
        }
        finally
        {
            running.RemoveAt(running.Count - 1);
        }

        if (IsClosing && !running.Contains(this))
            RemoveIfEnded();
        return ended;
    }

    /// <summary>Ends a wait of <see cref="Poll"/>.</summary>
    /// <exception cref="NativeException">EINVAL: it was not opened so that it can be woken.</exception>
    public void Wake()
    {
        if (!_canBeWoken)
            throw new NativeException(Errno.EINVAL, "The reactor can't be woken: open it with DMIO_CLIENT_WAKEABLE.");
        Reactor.Wake();
    }

    /// <summary>Ends the reactor, on its thread; again, where it did not end within the limit. In one of its callbacks, what runs the callback ends it.</summary>
    public void Close()
    {
        List<NativeReactor> running = _running ??= [];
        running.Add(this);
        try
        {
            _ = _unfinished.Take();
            Reactor.Dispose();
            BeginClose();
        }
        finally
        {
            running.RemoveAt(running.Count - 1);
        }

        if (!running.Contains(this))
            RemoveIfEnded();
    }

    private void RemoveIfEnded()
    {
        _unfinished.ThrowIfAny();
        HandleTables.Reactors.Remove(this);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void SubmitRead(in IoRegion region, in IoBuffer buffer, IoCompleted completed, object context, long tag) =>
        Reactor.SubmitRead(region, buffer, completed, context, tag);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void SubmitWrite(ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, IoCompleted completed, object context, long tag, IoFlags flags) =>
        Reactor.SubmitWrite(regions, buffer, completed, context, tag, flags);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void Submit(in RequestSpec spec) => Reactor.Submit(spec);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override bool TrySubmit(in RequestSpec spec) => Reactor.TrySubmit(spec);

    public override IReadOnlyList<IoPendingRequest> GetPendingRequests() => Reactor.GetPendingRequests();
}
