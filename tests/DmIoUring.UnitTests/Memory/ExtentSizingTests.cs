using DmIoUring.Memory;

namespace DmIoUring.UnitTests.Memory;

public sealed class ExtentSizingTests
{
    private const long GiB = 1 << 18;

    [Theory]
    [InlineData(1, 0)]
    [InlineData(511, 0)]
    [InlineData(513, 0)]
    [InlineData(GiB, 0)]
    [InlineData(GiB + 1, 0)]
    [InlineData((3 * GiB) + 777, 0)]
    [InlineData(1024 * GiB, 0)]
    [InlineData(1, 64 * GiB)]
    public void Plan_CoversTheShortage_InExtentsThatTheKernelTakes(long shortage, long capacity)
    {
        int[] sizes = ExtentSizing.Plan(shortage, capacity);
        Assert.InRange(sizes.Sum(static size => (long)size), shortage, long.MaxValue);
        Assert.All(sizes, static size => Assert.InRange(size, ExtentSizing.MinPages, ExtentSizing.MaxPages));
        Assert.All(sizes[..^1], static size => Assert.Equal(0, size % ExtentSizing.HugePage));
        if (sizes.Length > 1)
            Assert.All(sizes, static size => Assert.InRange(size, (GiB / 2) - 512, GiB));
    }

    [Fact]
    public void GrowingPageByPage_Reaches8GiB_InSome100Extents()
    {
        long capacity = 0;
        int extents = 0;
        while (capacity < 8 * GiB)
        {
            int[] sizes = ExtentSizing.Plan(1, capacity);
            capacity += sizes.Sum();
            extents += sizes.Length;
        }

        Assert.InRange(extents, 90, 110);
        while (capacity < 450 * GiB)
        {
            int[] sizes = ExtentSizing.Plan(1, capacity);
            capacity += sizes.Sum();
            extents += sizes.Length;
        }

        Assert.InRange(extents, 1, PagePool.MaxExtents);
    }

    [Fact]
    public void Terabyte_AtOnce_FitsTheTable() =>
        Assert.Equal(PagePool.MaxExtents, ExtentSizing.Plan((long)PagePool.MaxExtents * ExtentSizing.MaxPages, 0).Length);
}
