namespace DmIoUring.Tests.Client;

/// <summary>The threads of <see cref="IoRingKind.Workers"/>, counted.</summary>
[Collection(AloneCollection.Name)]
public sealed class WorkerThreadsTests
{
    [Fact]
    public void ThreadsOfADisposedClient_End()
    {
        int before = Workers();
        DmIoClient client = new(new DmIoOptions { Ring = IoRingKind.Workers, WorkerThreads = 7, Lanes = 2 });
        using (TestDevice device = new())
        using (IoMemory data = Pattern.Memory(8192))
            Assert.Equal(default, client.Write([device.Region(0, 16), device.Region(16, 16)], data));
        Assert.True(Workers() >= before + 7);
        client.Dispose();
        Assert.True(SpinWait.SpinUntil(() => Workers() <= before, Notification.Limit), "The worker threads do not end.");
    }

    private static int Workers() => ProcessThreads.Count("dmio worker");
}
