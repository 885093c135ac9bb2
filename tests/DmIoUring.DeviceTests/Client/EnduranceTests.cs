using System.Globalization;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

[Collection(AloneCollection.Name)]
public sealed class EnduranceTests(ITestOutputHelper output)
{
    private const int Depth = 128;
    private const int WarmUp = 200_000;
    private const int Requests = 10_000_000;

    [Fact]
    public void TenMillionRequests_AtDepth128_GrowNeitherManagedNorNativeMemory()
    {
        using LoopDevice loop = RequireLoop.Create(16 << 20, new LoopDeviceOptions { Folder = "/dev/shm" });
        using BlockDevice device = BlockDevice.Open(loop.Path);
        using DmIoClient client = new(new DmIoOptions { QueueDepth = Depth });
        using IoMemory memory = IoMemory.Allocate(Depth * 4096);
        using Resubmission run = new(client, device, memory, Depth);

        run.Go(WarmUp);
        long managed = GC.GetTotalAllocatedBytes(precise: true);
        long native = AnonymousMemory();
        run.Go(Requests);
        managed = GC.GetTotalAllocatedBytes(precise: true) - managed;
        native = AnonymousMemory() - native;

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"managed +{managed} bytes, native +{native} bytes"));
        Assert.Equal(WarmUp + Requests, client.Statistics.Requests);
        Assert.Equal(0, run.Failures);
        Assert.InRange(managed, 0, 64 << 10);
        Assert.InRange(native, long.MinValue, 4 << 20);
    }

    private static long AnonymousMemory()
    {
        string line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan("RssAnon:".Length, line.Length - "RssAnon:".Length - "kB".Length).Trim(), CultureInfo.InvariantCulture) * 1024;
    }
}
