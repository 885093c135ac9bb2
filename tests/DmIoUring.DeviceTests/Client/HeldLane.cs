using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Keeps a client's only lane inside a callback: whatever is submitted meanwhile is under way until <see cref="Release"/>.</summary>
internal sealed class HeldLane : IDisposable
{
    private readonly ManualResetEventSlim _entered = new();
    private readonly ManualResetEventSlim _release = new();

    public HeldLane(DmIoClient client, IoRegion region, IoBuffer buffer)
    {
        client.SubmitRead(region, buffer, (_, _) =>
        {
            _entered.Set();
            _release.Wait(Notification.Limit);
        });
        Assert.True(_entered.Wait(Notification.Limit));
    }

    public void Release() => _release.Set();

    public void Dispose() => _release.Set();
}
