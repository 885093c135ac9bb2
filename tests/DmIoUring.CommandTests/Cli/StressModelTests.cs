using DmIoUring.Cli.Stress;

namespace DmIoUring.CommandTests.Cli;

/// <summary>What the command believes: the seed's operations, the sectors' content, who has which block.</summary>
public sealed class StressModelTests
{
    private const ulong Seed = 12345;
    private static readonly LegShape Small = new(8192, 1);
    private static readonly LegShape[] Shapes = [Small, new(16384, 8), new(8192, 2)];

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 12)]
    [InlineData(8, 7)]
    [InlineData(9, 4096)]
    [InlineData(9, -1)]
    public void History_OfAnySector_IsTold_EvenOfALegWithoutSectors(int sectors, long sector)
    {
        BlockHistory history = new(new LegShape(sectors, 1));
        if (sectors > 0)
            history.Add(new HistoryEntry(Generation.Of(Generation.Preparation, 1), 0, 1, 0, sectors, OperationKind.Write, 0));
        Assert.Equal(sectors == 0 ? 0 : 1, history.Describe(sector).Count);
    }

    [Fact]
    public void SameSeedAndThread_DrawTheSameOperations()
    {
        OperationDrawer first = new(Seed, 3, Shapes);
        OperationDrawer second = new(Seed, 3, Shapes);
        for (int i = 0; i < 5000; i++)
            Assert.Equivalent(first.Next(), second.Next(), strict: true);
    }

    [Theory]
    [InlineData(Seed, 4)]
    [InlineData(Seed + 1, 3)]
    public void AnotherSeedOrThread_DrawsOthers(ulong seed, int thread)
    {
        OperationDrawer first = new(Seed, 3, Shapes);
        OperationDrawer second = new(seed, thread, Shapes);
        Assert.NotEqual(
            Enumerable.Range(0, 50).Select(_ => first.Next().Luck),
            Enumerable.Range(0, 50).Select(_ => second.Next().Luck));
    }

    [Fact]
    public void DrawnRegions_LieOnTheirDevices_InWholeBlocks()
    {
        OperationDrawer drawer = new(Seed, 1, Shapes);
        for (int i = 0; i < 20_000; i++)
        {
            StressOperation operation = drawer.Next();
            Assert.InRange(operation.Regions.Length, operation.Kind >= OperationKind.Reserve ? 0 : 1, IoRegion.MaxRegions);
            Assert.All(operation.Regions, region =>
            {
                LegShape shape = Shapes[region.Leg];
                Assert.Equal((0, 0), (region.Sector % shape.BlockSectors, region.Count % shape.BlockSectors));
                Assert.InRange(region.Sector + region.Count, 0, shape.Sectors);
                Assert.InRange(region.BufferSector + region.Count, 0, operation.BufferSectors);
            });
        }
    }

    [Fact]
    public void DrawnOperations_HaveEveryKindWayShapeAndFlag()
    {
        OperationDrawer drawer = new(Seed, 1, Shapes);
        StressOperation[] all = [.. Enumerable.Range(0, 50_000).Select(_ => drawer.Next())];
        Assert.Equal(Enum.GetValues<OperationKind>(), all.Select(operation => operation.Kind).Distinct().Order());
        Assert.Equal(Enum.GetValues<CallWay>(), all.Select(operation => operation.Way).Distinct().Order());
        Assert.Equal(Enum.GetValues<BufferShape>(), all.Select(operation => operation.Shape).Distinct().Order());
        Assert.Equal(IoFlags.Preflush | IoFlags.Fua | IoFlags.StableCopy, all.Aggregate(IoFlags.None, (flags, operation) => flags | operation.Flags));
        Assert.Contains(all, operation => operation.ReadsBack);
        Assert.Contains(all, operation => operation.CancelAfter == 0);
        Assert.Contains(all, operation => operation.Regions.Any(region => region.BufferSector > 0));
        Assert.Contains(all, operation => operation.Kind == OperationKind.Write && operation.Regions.Any(region => region.Count == 0));
    }

    [Fact]
    public void FlippedBit_MatchesNoStamp()
    {
        SectorStamp stamp = new(Seed, 77, Generation.Of(2, 9), 0b101);
        byte[] sector = new byte[512];
        stamp.Fill(sector);
        Assert.True(stamp.Matches(sector));
        Assert.True(SectorStamp.TryRead(sector, out SectorStamp read));
        Assert.Equal(stamp, read);
        for (int bit = 0; bit < sector.Length * 8; bit++)
        {
            sector[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.False(stamp.Matches(sector));
            Assert.False(SectorStamp.HasRightChecksum(sector));
            sector[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    [Fact]
    public void FailedWrite_LeavesOldOrNew_UntilOneIsSeen()
    {
        ContentMap map = new(Small);
        map.SetOnly(0, 2, 5);
        map.Add(0, 2, 6);
        Assert.True(map.MayHold(0, 5) && map.MayHold(0, 6) && map.MayHold(1, 5));
        Assert.False(map.MayHold(0, 7) || map.MayHold(0, ContentMap.Zeroes));
        map.Narrow(0, 5);
        Assert.False(map.MayHold(0, 6), "A write that lands after it was seen not to have is a late one.");
        Assert.True(map.MayHold(1, 6));
    }

    [Fact]
    public void DiscardOnAForeignDevice_MayAnswerDifferentlyEachTime_OnItsOwnNot()
    {
        ContentMap map = new(Small);
        map.SetOnly(0, 2, 5);
        map.AddDiscarded(0, 1, fickle: true);
        map.AddDiscarded(1, 1, fickle: false);
        map.Narrow(0, 5);
        map.Narrow(1, 5);
        Assert.True(map.MayHold(0, ContentMap.Zeroes));
        Assert.False(map.MayHold(1, ContentMap.Zeroes));
    }

    [Fact]
    public void TooManyThatMayBe_LeaveNoRoom()
    {
        ContentMap map = new(Small);
        map.Add(8, 1, 1);
        Assert.True(map.HasRoom(0, 16));
        map.Add(8, 1, 2);
        Assert.False(map.HasRoom(0, 16));
        map.Narrow(8, 2);
        Assert.True(map.HasRoom(0, 16));
    }

    [Fact]
    public void Claims_AreOneWritersOrManyReaders_AndAllOrNothing()
    {
        ClaimTable claims = new(new LegShape(64, 8));
        Assert.True(claims.TryClaim(8, 16, exclusive: false));
        Assert.True(claims.TryClaim(16, 16, exclusive: false));
        Assert.False(claims.TryClaim(0, 16, exclusive: true));
        Assert.True(claims.TryClaim(0, 8, exclusive: true));
        Assert.False(claims.TryClaim(0, 16, exclusive: false));
        claims.Release(8, 16, exclusive: false);
        claims.Release(16, 16, exclusive: false);
        Assert.True(claims.TryClaim(8, 56, exclusive: true));
        Assert.False(claims.ClaimAll(0, 64, TimeSpan.Zero));
    }
}
