using DmIoUring.ScratchDevices;
using DmIoUring.Tests.Support;

namespace DmIoUring.Tests.Client;

public sealed class PageRegistrationTests
{
    private const int Pages = 1024;

    [Fact]
    public void ReservedPages_AreKnownToTheLanesRing()
    {
        using ScratchFile file = ScratchFile.Create(Pages * PageList.PageSize);
        using DmIoClient client = new();
        IoFeature registration = WriteAll(client, file);
        Assert.True(registration.IsAvailable, registration.Reason);
    }

    [Fact]
    public void PagesThatMayNotBePinned_TravelAsTheyAre_AndTheClientSaysWhy() =>
        LowLockLimit.AssertPasses(typeof(PageRegistrationTests), nameof(RunUnderALowLockLimit));

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
