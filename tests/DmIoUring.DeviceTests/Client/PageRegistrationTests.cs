using DmIoUring.DeviceTests.Support;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

public sealed class PageRegistrationTests
{
    private const int Pages = 1024;

    [Fact]
    public void ReservedPages_AreKnownToTheLanesRing()
    {
        Require.KernelRing();
        using ScratchFile file = ScratchFile.Create(Pages * PageList.PageSize);
        using DmIoClient client = new();
        IoFeature registration = WriteAll(client, file);
        Assert.True(registration.IsAvailable, registration.Reason);
    }

    [Fact]
    public void BeforeAnythingWasRegistered_NothingIsSaidToBeAvailable()
    {
        Require.KernelRing();
        using DmIoClient client = new();
        using IoReactor reactor = new();
        AssertSays("nothing was registered yet", client.PageRegistration, client.DeviceRegistration, reactor.PageRegistration, reactor.DeviceRegistration);
        using DmIoClient workers = new(new DmIoOptions { Ring = IoRingKind.Workers });
        using IoReactor working = new(new IoReactorOptions { Ring = IoRingKind.Workers });
        AssertSays("worker threads", workers.PageRegistration, workers.DeviceRegistration, working.PageRegistration, working.DeviceRegistration);
        using DmIoClient without = new(new DmIoOptions { FixedBuffers = false, FixedFiles = false });
        AssertSays("not asked for", without.PageRegistration, without.DeviceRegistration);
    }

    [Fact]
    public void PagesThatMayNotBePinned_TravelAsTheyAre_AndTheClientSaysWhy()
    {
        Require.KernelRing();
        LowLockLimit.AssertPasses(typeof(PageRegistrationTests), nameof(RunUnderALowLockLimit));
    }

    /// <summary>Meaningful only in the process that <see cref="PagesThatMayNotBePinned_TravelAsTheyAre_AndTheClientSaysWhy"/> starts.</summary>
    [Fact(Explicit = true)]
    public void RunUnderALowLockLimit()
    {
        using ScratchFile file = ScratchFile.Create(Pages * PageList.PageSize);
        using DmIoClient client = new();
        IoFeature registration = WriteAll(client, file);
        Assert.False(registration.IsAvailable);
        Assert.Contains("ENOMEM", registration.Reason, StringComparison.Ordinal);
        Assert.Contains("ulimit -l", registration.Reason, StringComparison.Ordinal);
    }

    private static void AssertSays(string reason, params IoFeature[] features) => Assert.All(features, feature =>
    {
        Assert.False(feature.IsAvailable);
        Assert.Contains(reason, feature.Reason, StringComparison.Ordinal);
    });

    /// <summary>Writes a page list, and asks about the registration while there is something to register.</summary>
    private static IoFeature WriteAll(DmIoClient client, ScratchFile file)
    {
        using BlockDevice device = BlockDevice.Open(file.Path);
        using PageReservation reservation = client.Reserve(Pages);
        using PageList pages = client.Pages.RentPages(Pages);
        pages[Pages - 1].Fill(7);
        IoResult result = client.WriteAsync(IoRegion.Whole(device), pages).AsTask().GetAwaiter().GetResult();
        Assert.True(result.IsSuccess, result.ToString());
        byte[] last = new byte[PageList.PageSize];
        using FileStream stream = File.OpenRead(file.Path);
        stream.Position = (Pages - 1) * PageList.PageSize;
        stream.ReadExactly(last);
        Assert.Equal(-1, last.AsSpan().IndexOfAnyExcept((byte)7));
        return client.PageRegistration;
    }
}
