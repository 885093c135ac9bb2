using CsCheck;

namespace DmIoUring.UnitTests.Values;

public sealed class RegionBitsTests
{
    private static readonly Gen<ulong> AnyBits = Gen.ULong;

    [Fact]
    public void Default_IsNone_AndEmpty()
    {
        RegionBits bits = default;
        Assert.Equal(RegionBits.None, bits);
        Assert.True(bits.IsEmpty);
        Assert.Equal(0, bits.Count);
        Assert.Equal(-1, bits.First);
        Assert.Equal("0b0", bits.ToString());
    }

    [Fact]
    public void Bit63_Survives()
    {
        RegionBits bits = new(1UL << 63);
        Assert.False(bits.IsEmpty);
        Assert.Equal(1, bits.Count);
        Assert.Equal(63, bits.First);
        Assert.True(bits[63]);
        Assert.False(bits[62]);
        Assert.False(bits[31]);
        Assert.Equal([63], Regions(bits));
        Assert.Equal("0b1" + new string('0', 63), bits.ToString());
    }

    [Fact]
    public void AllBits_AreAllRegionsInOrder()
    {
        RegionBits bits = new(ulong.MaxValue);
        Assert.Equal(64, bits.Count);
        Assert.Equal(0, bits.First);
        Assert.Equal(Enumerable.Range(0, 64), Regions(bits));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(64)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Indexer_OutsideTheRegions_Throws_WithTheValue(int region)
    {
        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(() => new RegionBits(ulong.MaxValue)[region]);
        Assert.Equal("region", refused.ParamName);
        Assert.Equal(region, refused.ActualValue);
    }

    [Fact]
    public void ToString_ShowsRegion0OnTheRight() => Assert.Equal("0b110", new RegionBits(0b110).ToString());

    [Fact]
    public void Indexer_AgreesWithTheBits() =>
        AnyBits.Sample(value => Enumerable.Range(0, 64).All(region => new RegionBits(value)[region] == ((value & 1UL << region) != 0)));

    [Fact]
    public void Enumerating_GivesEachRegionOnce_Ascending() =>
        AnyBits.Sample(value => Regions(new RegionBits(value)).SequenceEqual(Enumerable.Range(0, 64).Where(region => (value >> region & 1) != 0)));

    [Fact]
    public void CountAndFirst_AgreeWithEnumerating() =>
        AnyBits.Sample(value =>
        {
            RegionBits bits = new(value);
            List<int> regions = Regions(bits);
            return bits.Count == regions.Count && bits.First == (regions.Count == 0 ? -1 : regions[0]) && bits.IsEmpty == (regions.Count == 0);
        });

    [Fact]
    public void Union_HasTheRegionsOfEither() =>
        Gen.Select(AnyBits, AnyBits).Sample((left, right) =>
            Regions(new RegionBits(left) | new RegionBits(right))
                .SequenceEqual(Regions(new RegionBits(left)).Union(Regions(new RegionBits(right))).Order()));

    [Fact]
    public void Enumerating_AllocatesNothing()
    {
        RegionBits bits = new(ulong.MaxValue);
        int sum = Sum(bits);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            sum += Sum(bits);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1001 * 2016, sum);
    }

    private static int Sum(RegionBits bits)
    {
        int sum = 0;
        foreach (int region in bits)
            sum += region;
        return sum;
    }

    private static List<int> Regions(RegionBits bits)
    {
        List<int> regions = [];
        foreach (int region in bits)
            regions.Add(region);
        return regions;
    }
}
