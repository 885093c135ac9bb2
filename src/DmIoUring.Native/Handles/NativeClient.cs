using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Requests;
using DmIoUring.Threading;

namespace DmIoUring.Native.Handles;

/// <summary>A client that C has opened, or that of dm_io_get.</summary>
internal sealed unsafe class NativeClient : Submitter
{
    private readonly Unfinished _unfinished = new();
    private readonly ConcurrentDictionary<nint, RentedPages> _rented = new();
    private readonly TimeSpan _closeLimit;

    public NativeClient(in CClientOptions options)
    {
        if ((options.Flags & CClientOptions.Wakeable) != 0)
            throw new NativeException(Errno.EINVAL, "A client is not woken: DMIO_CLIENT_WAKEABLE is for a reactor.");
        _closeLimit = options.CloseTimeLimit;
        Client = new DmIoClient(new DmIoOptions
        {
            Lanes = options.Lanes == 0 ? 1 : options.CheckedLanes,
            QueueDepth = options.CheckedQueueDepth,
            Ring = options.Ring,
            WaitPolicy = options.WaitPolicy,
            RequestTimeLimit = options.RequestTimeLimit,
            DisposeTimeLimit = _closeLimit,
            DisposeGaveUp = _unfinished.Set,
        });
        try
        {
            if ((options.Flags & CClientOptions.Polled) != 0)
                Queue = new CompletionQueue();
            _ = options.Pages == 0 && options.Requests == 0 ? null
                : options.Requests == 0 ? Client.Reserve(options.CheckedPages)
                : Client.Reserve(options.CheckedPages, options.CheckedRequests);
        }
        catch
        {
            Client.Dispose();
            Queue?.Dispose();
            throw;
        }
    }

    public DmIoClient Client { get; }

    /// <summary>Where completions wait for dmio_poll.</summary>
    /// <exception cref="NativeException">EINVAL: its callbacks run on its lanes.</exception>
    public CompletionQueue RequireQueue() =>
        Queue ?? throw new NativeException(Errno.EINVAL, "The client's callbacks run on its own threads: open it with DMIO_CLIENT_POLLED to poll it.");

    /// <summary>Rents pages of the reserve.</summary>
    /// <exception cref="NativeException">EAGAIN: there are not as many free.</exception>
    public CPageList* RentPages(uint pages)
    {
        if (pages is 0 or > int.MaxValue)
            throw new NativeException(Errno.EINVAL, $"A list of {pages} pages can't be had.");
        if (!Client.Pages.TryRentPages((int)pages, out PageList list))
            throw new NativeException(Errno.EAGAIN, $"Of the reserve {Client.Pages.FreePages} pages are free, and {pages} are asked for: reserve more, or put some back.");
        RentedPages rented = new(list);
        CPageList* head = rented.Head;
        _rented[(nint)head] = rented;

        // A close looks for them after it has begun: one of the two sees the other.
        Interlocked.MemoryBarrier();
        if (!IsClosing)
            return head;
        rented.Forget();
        throw new NativeException(Errno.EBADF, "The client is closed.");
    }

    /// <summary>Returns pages.</summary>
    /// <exception cref="NativeException">EINVAL: not the client's; EBUSY: a request is using them.</exception>
    public void ReturnPages(CPageList* list)
    {
        if (!_rented.TryGetValue((nint)list, out RentedPages? rented))
            throw NotRented();
        try
        {
            rented.Return();
        }
        catch (InvalidOperationException exception)
        {
            throw rented.IsReturned ? NotRented() : new NativeException(Errno.EBUSY, exception.Message);
        }

        // The next list may be at the same address already.
        _ = _rented.TryRemove(new KeyValuePair<nint, RentedPages>((nint)list, rented));
    }

    /// <inheritdoc/>
    public override RentedPages? FindPages(CPageList* list) => _rented.GetValueOrDefault((nint)list);

    /// <summary>Ends the client; again, where it did not end within the limit. Several threads may, each of which waits.</summary>
    public void Close()
    {
        long start = Stopwatch.GetTimestamp();
        BeginClose();
        _ = _unfinished.Take();
        Client.Dispose();
        _unfinished.ThrowIfAny();
        if (CallbackThread.IsInCallback)
        {
            // Callbacks that are still to come look at their pages.
            _ = Queue?.Close(TimeSpan.Zero);
            if (!_rented.IsEmpty)
                new Thread(ForgetPagesAtTheEnd) { IsBackground = true, Name = "dmio close" }.Start();
        }
        else
        {
            TimeSpan left = _closeLimit - Stopwatch.GetElapsedTime(start);
            if (Queue?.Close(left > TimeSpan.Zero ? left : TimeSpan.Zero) == false)
                throw new NativeException(Errno.ETIMEDOUT, "Callbacks are running in dmio_poll on other threads. Close again.");
            ForgetPages();
        }

        HandleTables.Clients.Remove(this);
        Queue?.Dispose();
    }

    private static NativeException NotRented() => new(Errno.EINVAL, "The list is not of this client's pages, or was put back before.");

    private void ForgetPagesAtTheEnd()
    {
        do
        {
            Client.Dispose();
        }
        while (_unfinished.Take() is not null);
        while (Queue?.Close(_closeLimit) == false)
        {
        }

        ForgetPages();
    }

    /// <summary>What a request still uses, of another client or of a thread that waits for it, goes back when that has ended.</summary>
    private void ForgetPages()
    {
        foreach ((nint list, RentedPages rented) in _rented)
        {
            if (_rented.TryRemove(new KeyValuePair<nint, RentedPages>(list, rented)))
                rented.Forget();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void SubmitRead(in IoRegion region, in IoBuffer buffer, IoCompleted completed, object context, long tag) =>
        Client.SubmitRead(region, buffer, completed, context, tag);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void SubmitWrite(ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, IoCompleted completed, object context, long tag, IoFlags flags) =>
        Client.SubmitWrite(regions, buffer, completed, context, tag, flags);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void Submit(in RequestSpec spec) => Client.Submit(spec);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override bool TrySubmit(in RequestSpec spec) => Client.TrySubmit(spec);

    /// <summary>Waits a second at most for a lane that a callback blocks, and that lane's are missing then; in a callback, too.</summary>
    public override IReadOnlyList<IoPendingRequest> GetPendingRequests() => Client.GetPendingRequestsAsync().GetAwaiter().GetResult();
}
