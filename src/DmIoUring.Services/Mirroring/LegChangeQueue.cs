using System.Diagnostics;
using System.Threading.Channels;

namespace DmIoUring.Services.Mirroring;

/// <summary>Tells of the changes of legs: in order, one at a time, on the thread pool.</summary>
internal sealed class LegChangeQueue
{
    private readonly Channel<MirrorLegChange>? _channel;
    private readonly Task _told = Task.CompletedTask;

    public LegChangeQueue(Action<MirrorLegChange>? tell)
    {
        if (tell is null)
            return;
        _channel = Channel.CreateUnbounded<MirrorLegChange>(new UnboundedChannelOptions { SingleReader = true });
        _told = Task.Run(() => TellAsync(_channel.Reader, tell));
    }

    public void Add(MirrorLegChange change) => _channel?.Writer.TryWrite(change);

    /// <summary>Ends when all have been told.</summary>
    public Task EndAsync()
    {
        _channel?.Writer.TryComplete();
        return _told;
    }

    private static async Task TellAsync(ChannelReader<MirrorLegChange> reader, Action<MirrorLegChange> tell)
    {
        await foreach (MirrorLegChange change in reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                tell(change);
            }
            catch (Exception exception)
            {
                Trace.TraceError($"MirrorOptions.LegChanged threw on {change}: {exception}");
            }
        }
    }
}
