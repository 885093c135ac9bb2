using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Requests;

namespace DmIoUring.Native.Handles;

/// <summary>A client that C has opened, or that of dm_io_get.</summary>
internal sealed class NativeClient : Submitter
{
    private readonly Unfinished _unfinished = new();

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

    /// <summary>Ends the client; again, where it did not end within the limit.</summary>
    public void Close()
    {
        Client.Dispose();
        _unfinished.ThrowIfAny();
        if (HandleTables.Clients.Remove(this))
            Queue?.Dispose();
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
