using System.Globalization;
using DmIoUring.DeviceTests.Support;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Memory;

/// <summary>The pool on the host's own memory, as /proc/self/smaps shows it.</summary>
[Collection(AloneCollection.Name)]
public sealed unsafe class HostExtentTests(ITestOutputHelper output)
{
    private const int HugePage = 2 << 20;

    [Fact]
    public void Extent_IsZeroed_Present_AndNotInheritedByAChild()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(100);
        ExtentSlot extent = pool.Extents[0];
        Assert.Equal(100 * 4096, extent.Length);
        Assert.False(new ReadOnlySpan<byte>(extent.Start, 100 * 4096).ContainsAnyExcept((byte)0));
        Dictionary<string, string> mapping = OwnMappings.At(extent.Start);
        Assert.Equal(mapping["Size"], mapping["Rss"]);
        Assert.Contains(" dc ", " " + mapping["VmFlags"] + " ", StringComparison.Ordinal);
    }

    [Fact]
    public void LargeExtent_StartsOnAHugePage()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(1024);
        Assert.Equal(0, (nint)pool.Extents[0].Start % HugePage);
        Assert.Equal(2 * HugePage, pool.Extents[0].Length);
    }

    [Fact]
    public void Unreserve_GivesTheMemoryBackToTheSystem()
    {
        using PagePool pool = new();
        byte* start;
        using (pool.Reserve(1024))
            start = pool.Extents[0].Start;
        Assert.Empty(OwnMappings.At(start));
    }

    [Fact]
    public void Map_Cancelled_LeavesNothingMapped()
    {
        HostExtentSource source = new();
        using CancellationTokenSource cancel = new();
        cancel.Cancel();

        // 16 GiB of addresses, and no page of it.
        long before = AddressSpace();
        Assert.Throws<OperationCanceledException>(() => source.Map(16L << 30, cancel.Token));
        Assert.InRange(AddressSpace() - before, long.MinValue, 8L << 30);
    }

    [Fact]
    public void Features_AreEmptyWithoutMemory_AndNameWhatTheHostGaveAndRefused()
    {
        using PagePool pool = new();
        Assert.Empty(pool.Features);
        long setAside = HostMemory.FreeHugePages;
        using PageReservation reservation = pool.Reserve(1024);
        IReadOnlyList<IoFeature> features = pool.Features;
        foreach (IoFeature feature in features)
            output.WriteLine(feature.ToString());
        Assert.Equal(["MAP_HUGETLB", "MADV_HUGEPAGE", "mlock"], features.Select(static feature => feature.Name), StringComparer.Ordinal);

        Dictionary<string, string> mapping = OwnMappings.At(pool.Extents[0].Start);
        Assert.Equal(setAside >= 2, features[0].IsAvailable);
        if (features[0].IsAvailable)
        {
            Assert.Equal("2048 kB", mapping["KernelPageSize"]);
            Assert.False(features[1].IsAvailable);
            Assert.Contains("4096 of 4096 KiB", features[0].Reason, StringComparison.Ordinal);
        }
        else
        {
            Assert.Contains("0 of 4096 KiB", features[0].Reason, StringComparison.Ordinal);
            Assert.Contains("ENOMEM", features[0].Reason, StringComparison.Ordinal);
            Assert.Contains("vm.nr_hugepages", features[0].Reason, StringComparison.Ordinal);
        }

        bool huge = !mapping["AnonHugePages"].StartsWith("0 ", StringComparison.Ordinal);
        Assert.Equal(huge, features[1].IsAvailable);

        // The kernel never swaps huge pages that were set aside, and does not mark them as locked (mm/mlock.c).
        bool locked = setAside >= 2 || mapping["VmFlags"].Split(' ').Contains("lo", StringComparer.Ordinal);
        Assert.Equal(locked, features[2].IsAvailable);
    }

    [Fact]
    public void SmallPool_SaysThatItHasNoHugePages()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(10);
        Assert.All(pool.Features.Take(2), static feature => Assert.False(feature.IsAvailable));
    }

    [Fact]
    public void MoreThanTheHostHas_IsRefused_WithTheBytes_BeforeAnythingIsMapped()
    {
        using PagePool pool = new();
        long pages = ((HostMemory.Available >> 21) + 512) * 512;
        Assert.SkipWhen(pages > 1L << 28, "the host has a terabyte");
        OutOfMemoryException refused = Assert.ThrowsAny<OutOfMemoryException>(() => pool.Reserve(pages));
        Assert.Contains(pages.ToString(CultureInfo.InvariantCulture) + " pages", refused.Message, StringComparison.Ordinal);
        Assert.Contains("are available", refused.Message, StringComparison.Ordinal);
        Assert.Equal(default, pool.Counters);
        using PageReservation some = pool.Reserve(1);
    }

    [Fact]
    public void LowLockLimit_IsToldByTheFeatures() =>
        LowLockLimit.AssertPasses(typeof(HostExtentTests), nameof(RunUnderALowLockLimit));

    /// <summary>Meaningful only in the process that <see cref="LowLockLimit_IsToldByTheFeatures"/> starts.</summary>
    [Fact(Explicit = true)]
    public void RunUnderALowLockLimit()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(1024);
        IoFeature feature = pool.Features[2];
        Assert.Equal("mlock", feature.Name);
        Assert.False(feature.IsAvailable);
        Assert.Contains("0 of 4096 KiB", feature.Reason, StringComparison.Ordinal);
        Assert.Contains("ENOMEM", feature.Reason, StringComparison.Ordinal);
        Assert.Contains("RLIMIT_MEMLOCK is 65536 bytes", feature.Reason, StringComparison.Ordinal);
        using PageList list = pool.Rent(1024);
        list[1023].Fill(1);
    }

    private static long AddressSpace() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[0], CultureInfo.InvariantCulture) * 4096;
}
