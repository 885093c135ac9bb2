using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>A host that gives one ring and no second; <see cref="ForbiddenIoUringTests"/> makes it.</summary>
public sealed class ForbiddenSecondLaneTests
{
    [Fact]
    public void AllLanes_AreOfOneKind()
    {
        using DmIoClient client = new(new DmIoOptions { Lanes = 2 });
        bool forbidden = Environment.GetEnvironmentVariable(ForbiddenOrNotTests.ErrnoVariable) is not null;
        Assert.Equal(forbidden ? "worker threads" : "io_uring", client.Capabilities.Ring);
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        Notification[] notifications = [new(), new(), new()];
        for (int i = 0; i < notifications.Length; i++)
            client.SubmitWrite(device.Region(i * 8, 8), data, Notification.Arrived, notifications[i]);
        Assert.All(notifications, static notification => Assert.Equal(default, notification.Wait()));
        device.AssertHolds(16, data.GetSpan());
    }
}
