using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>The threads of <see cref="IoRingKind.Workers"/>, counted.</summary>
[Collection(AloneCollection.Name)]
public sealed class WorkerThreadsTests
{
    [Fact]
    public void ThreadsOfADisposedClient_End()
    {
        AssertNoWorkers();
        DmIoClient client = new(new DmIoOptions { Ring = IoRingKind.Workers, WorkerThreads = 7, Lanes = 2 });
        using (TestDevice device = new())
        using (IoMemory data = Pattern.Memory(8192))
            Assert.Equal(default, client.Write([device.Region(0, 16), device.Region(16, 16)], data));
        Assert.Equal(7, Workers());
        client.Dispose();
        AssertNoWorkers();
    }

    /// <summary>A thread whose client has ended is seen for a moment longer.</summary>
    private static void AssertNoWorkers() =>
        Assert.True(SpinWait.SpinUntil(static () => Workers() == 0, Notification.Limit), "There are worker threads that do not end.");

    private static int Workers() => ProcessThreads.Count("dmio worker");
}
