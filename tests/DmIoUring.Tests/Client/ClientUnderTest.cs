using DmIoUring.Engine;

namespace DmIoUring.Tests.Client;

/// <summary>
/// A client whose requests are all made in one way and waited for. Disposing it asserts what holds for every request:
/// one callback for each that was taken, none for one that was refused, and none that threw.
/// </summary>
internal sealed class ClientUnderTest : IDisposable
{
    private readonly CallWay _way;
    private readonly List<Notification> _taken = [];
    private readonly List<Notification> _refused = [];

    public ClientUnderTest(CallWay way, DmIoOptions? options = null)
    {
        _way = way.Shape();
        Client = way.NewClient(options ?? new DmIoOptions());
    }

    public DmIoClient Client { get; }

    public IoResult Write(ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoRequestOptions options = default)
    {
        switch (_way)
        {
            case CallWay.Callback:
                Notification notification = new();
                _refused.Add(notification);
                Client.SubmitWrite(regions, buffer, Notification.Arrived, notification, options);
                return Taken(notification);
            case CallWay.Awaited:
                return Wait(Client.WriteAsync(regions, buffer, options));
            default:
                return Client.Write(regions, buffer, options);
        }
    }

    public IoResult Write(IoRegion region, IoBuffer buffer, IoRequestOptions options = default)
    {
        switch (_way)
        {
            case CallWay.Callback:
                Notification notification = new();
                _refused.Add(notification);
                Client.SubmitWrite(region, buffer, Notification.Arrived, notification, options);
                return Taken(notification);
            case CallWay.Awaited:
                return Wait(Client.WriteAsync(region, buffer, options));
            default:
                return Client.Write(region, buffer, options);
        }
    }

    public IoResult Read(IoRegion region, IoBuffer buffer, IoRequestOptions options = default)
    {
        switch (_way)
        {
            case CallWay.Callback:
                Notification notification = new();
                _refused.Add(notification);
                Client.SubmitRead(region, buffer, Notification.Arrived, notification, options);
                return Taken(notification);
            case CallWay.Awaited:
                return Wait(Client.ReadAsync(region, buffer, options));
            default:
                return Client.Read(region, buffer, options);
        }
    }

    /// <summary>A flush, a discard or zeroes.</summary>
    public IoResult Maintain(IoOperation operation, params ReadOnlySpan<IoRegion> regions)
    {
        switch (_way)
        {
            case CallWay.Callback:
                Notification notification = new();
                _refused.Add(notification);
                if (operation == IoOperation.Flush)
                    Client.SubmitFlush(regions, Notification.Arrived, notification);
                else if (operation == IoOperation.Discard)
                    Client.SubmitDiscard(regions, Notification.Arrived, notification);
                else
                    Client.SubmitWriteZeroes(regions, Notification.Arrived, notification);
                return Taken(notification);
            case CallWay.Awaited:
                return Wait(operation switch
                {
                    IoOperation.Flush => Client.FlushAsync(regions),
                    IoOperation.Discard => Client.DiscardAsync(regions),
                    _ => Client.WriteZeroesAsync(regions),
                });
            default:
                return operation switch
                {
                    IoOperation.Flush => Client.Flush(regions),
                    IoOperation.Discard => Client.Discard(regions),
                    _ => Client.WriteZeroes(regions),
                };
        }
    }

    public void Dispose()
    {
        Client.Dispose();
        Assert.All(_taken, notification => Assert.Equal(1, notification.Calls));
        Assert.All(_refused, notification => Assert.Equal(0, notification.Calls));
        Assert.Equal(0, Client.Statistics.CallbackExceptions);
    }

    private static IoResult Wait(ValueTask<IoResult> task)
    {
        Task<IoResult> result = task.AsTask();
        Assert.True(result.Wait(Notification.Limit), $"Not completed within {Notification.Limit}.");
        return result.Result;
    }

    private IoResult Taken(Notification notification)
    {
        _refused.Remove(notification);
        _taken.Add(notification);
        return notification.Wait();
    }
}
