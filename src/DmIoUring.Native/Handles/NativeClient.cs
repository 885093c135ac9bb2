using System.Collections.Concurrent;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Requests;

namespace DmIoUring.Native.Handles;

/// <summary>A client that C has opened, or that of dm_io_get.</summary>
internal sealed unsafe class NativeClient : Submitter
{
    private readonly Unfinished _unfinished = new();
    private readonly ConcurrentDictionary<nint, RentedPages> _rented = new();

    public NativeClient(in CClientOptions options)
    {
        Client = new DmIoClient(new DmIoOptions
        {
            Lanes = options.Lanes == 0 ? 1 : options.CheckedLanes,
            QueueDepth = options.CheckedQueueDepth,
            Ring = options.Ring,
            RequestTimeLimit = options.RequestTimeLimit,
            DisposeTimeLimit = options.CloseTimeLimit,
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
        _rented[(nint)rented.Head] = rented;
        return rented.Head;
    }

    /// <summary>Returns pages.</summary>
    /// <exception cref="NativeException">EINVAL: not the client's; EBUSY: a request is using them.</exception>
    public void ReturnPages(CPageList* list)
    {
        if (!_rented.TryRemove((nint)list, out RentedPages? rented))
            throw new NativeException(Errno.EINVAL, "The list is not of this client's pages, or was put back before.");
        try
        {
            rented.Return();
        }
        catch (InvalidOperationException exception)
        {
            _rented[(nint)list] = rented;
            throw new NativeException(Errno.EBUSY, exception.Message);
        }
    }

    /// <inheritdoc/>
    public override bool TryGetBuffer(CPageList* list, uint offset, long bytes, out IoBuffer buffer)
    {
        buffer = default;
        return !_rented.IsEmpty && _rented.TryGetValue((nint)list, out RentedPages? rented) && rented.TryGetBuffer(offset, bytes, out buffer);
    }

    /// <summary>Ends the client; again, where it did not end within the limit.</summary>
    public void Close()
    {
        Client.Dispose();
        _unfinished.ThrowIfAny();
        ForgetPages();
        if (HandleTables.Clients.Remove(this))
            Queue?.Dispose();
    }

    /// <summary>Of a client that was closed in a callback a request may still use some: those nodes stay.</summary>
    private void ForgetPages()
    {
        foreach ((nint list, RentedPages rented) in _rented)
        {
            if (!_rented.TryRemove(list, out _))
                continue;
            try
            {
                rented.Return();
            }
            catch (InvalidOperationException)
            {
                _rented[list] = rented;
            }
        }
    }

    public override void SubmitRead(in IoRegion region, in IoBuffer buffer, IoCompleted completed, object context, long tag) =>
        Client.SubmitRead(region, buffer, completed, context, tag);

    public override void SubmitWrite(ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, IoCompleted completed, object context, long tag, IoFlags flags) =>
        Client.SubmitWrite(regions, buffer, completed, context, tag, flags);

    public override void SubmitFlush(ReadOnlySpan<IoRegion> regions, IoCompleted completed, object context, long tag) =>
        Client.SubmitFlush(regions, completed, context, tag);

    public override void SubmitDiscard(ReadOnlySpan<IoRegion> regions, IoNotify notify, object context) => Client.SubmitDiscard(regions, notify, context);

    public override void SubmitWriteZeroes(ReadOnlySpan<IoRegion> regions, IoNotify notify, object context) =>
        Client.SubmitWriteZeroes(regions, notify, context);
}
