using DmIoUring.Services;
using DmIoUring.Testing;
using static DmIoUring.ServiceTests.Mirroring.MirrorBench;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>Legs that are away, come back, are older than they should be, or were used alone.</summary>
public sealed class MirrorAwayTests
{
    private const int Eio = 5;
    private static readonly MirrorOpenOptions Degraded = new() { AllowMissing = true };

    [Fact]
    public async Task LegThatWasAway_IsBroughtUpToDateByWhatTheLogSays()
    {
        await using MirrorBench bench = new(3);
        await bench.CreateAsync();
        await bench.WriteAsync(0, 1);
        await bench.CloseAsync();
        await bench.OpenAsync(Degraded, 0, 2);
        Assert.Equal(MirrorLegState.Missing, bench.State(1));
        await bench.WriteAsync(2 * RegionSectors, 2);
        await bench.WriteAsync(9 * RegionSectors, 3);
        await bench.CloseAsync();

        await bench.OpenAsync();
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
        Assert.False(bench.Mirror.Legs[1].NeedsFullResync);
        Assert.Equal(2, (await bench.ResyncAsync()).CopiedRegions);
        bench.AssertEqual();
    }

    [Fact]
    public async Task LegThatComesBackWhileTheMirrorIsOpen_IsAttached()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        await bench.OpenAsync(Degraded, 0);
        await bench.WriteAsync(0, 1);
        Assert.Equal(1, await bench.Mirror.AttachAsync(bench.Open(bench.Disks[1]), TestContext.Current.CancellationToken));
        Assert.Equal(1, (await bench.ResyncAsync()).CopiedRegions);
        bench.AssertEqual();
    }

    public enum OldCopy
    {
        MadeWhileClosed,
        MadeWhileOpen,
        PutBackAfterTheMirrorWasUsedWithoutTheLeg,
    }

    [Theory]
    [InlineData(OldCopy.MadeWhileClosed)]
    [InlineData(OldCopy.MadeWhileOpen)]
    [InlineData(OldCopy.PutBackAfterTheMirrorWasUsedWithoutTheLeg)]
    public async Task OldCopyOfALeg_IsCopiedAsAWhole(OldCopy kind)
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.WriteAsync(0, 1);
        if (kind != OldCopy.MadeWhileOpen)
            await bench.CloseAsync();
        byte[] copy = bench.Disks[1].Read(0, Sectors + 64);
        if (kind != OldCopy.MadeWhileOpen)
            await bench.OpenAsync();
        await bench.WriteAsync(RegionSectors, 2);
        await bench.CloseAsync();
        if (kind == OldCopy.PutBackAfterTheMirrorWasUsedWithoutTheLeg)
        {
            await bench.OpenAsync(Degraded, 0);
            await bench.CloseAsync();
        }

        bench.Disks[1].Write(0, copy);
        await bench.OpenAsync();
        Assert.True(bench.Mirror.Legs[1].NeedsFullResync);
        await bench.ResyncAsync();
        bench.AssertEqual();
    }

    [Fact]
    public async Task LegThatWasLeftBehind_IsRefused_WhenAnotherKnowsIt_ThoughThatIsOutOfSyncItself()
    {
        await using MirrorBench bench = new(3);
        await bench.CreateAsync();
        await bench.CloseAsync();
        await bench.OpenAsync(Degraded, 0, 2);
        await bench.WriteAsync(0, 1);
        await bench.Mirror.TakeOutAsync(2);
        await bench.WriteAsync(RegionSectors, 2);

        // The resync of leg 2 begins, so that it says of itself that it is not in sync, and is cut off.
        bench.Disks[0].Fail(MediumOperations.Read, Eio);
        Assert.False((await bench.Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken)).IsComplete);
        await bench.CrashAsync();
        MirrorException refused = await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync(Degraded, 1, 2));
        Assert.Equal(MirrorRefusal.NoSource, refused.Refusal);
        Assert.Contains("leg 0", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LegThatIsHalfResynchronized_IsNoMirrorByItself()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.Mirror.TakeOutAsync(1);
        for (long region = 0; region < 6; region++)
            await bench.WriteAsync(region * RegionSectors, 1);
        bench.Disks[0].Fail(MediumOperations.Read, Eio, firstSector: 4 * RegionSectors, sectors: RegionSectors);
        Assert.False((await bench.Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken)).IsComplete);
        await bench.CrashAsync();
        Assert.Equal(MirrorRefusal.NoSource, (await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync(Degraded, 1))).Refusal);
    }

    [Fact]
    public async Task LegThatMissedAChangeAndWasUsedAlone_IsASplit()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        Fault fault = bench.Disks[1].Fail(MediumOperations.Write, Eio);
        await bench.OpenAsync();
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
        await bench.WriteAsync(0, 1);
        await bench.CloseAsync();
        fault.Dispose();
        await bench.OpenAsync(Degraded, 1);
        await bench.WriteAsync(5 * RegionSectors, 2);
        await bench.CloseAsync();
        Assert.Equal(MirrorRefusal.Split, (await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync())).Refusal);
        await bench.OpenAsync(Degraded, 0);
        Assert.Equal(MirrorRefusal.Split, (await Assert.ThrowsAsync<MirrorException>(() => bench.Mirror.AttachAsync(bench.Open(bench.Disks[1]), TestContext.Current.CancellationToken))).Refusal);
    }

    [Fact]
    public async Task SplitMirror_IsRefusedUntilOneHalfIsTrusted()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        for (int half = 0; half < 2; half++)
        {
            await bench.OpenAsync(Degraded, half);
            await bench.WriteAsync(half * RegionSectors, (byte)(half + 1));
            await bench.CloseAsync();
        }

        MirrorException refused = await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync());
        Assert.Equal(MirrorRefusal.Split, refused.Refusal);

        // Nothing was written: the other order is refused as well.
        refused = await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync(1, 0));
        Assert.Equal(MirrorRefusal.Split, refused.Refusal);
        BlockDevice trusted = bench.Open(bench.Disks[1]);
        await using MirrorDevice mirror = await MirrorDevice.OpenAsync(
            bench.Client, [bench.Open(bench.Disks[0]), trusted], new MirrorOpenOptions { Trusted = trusted }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal([MirrorLegState.OutOfSync, MirrorLegState.InSync], mirror.Legs.Select(static leg => leg.State));
        Assert.True(mirror.Legs[0].NeedsFullResync);
        Assert.True((await mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken)).IsComplete);
        bench.AssertEqual();
        Assert.Equal(Bytes(2), bench.Disks[0].Read(RegionSectors, 8));
        Assert.Equal(Bytes(0), bench.Disks[0].Read(0, 8));
    }

    [Fact]
    public async Task TrustedHalf_IsNotAskedAgain_WhenItWasTrustedBefore()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        foreach (int half in (int[])[0, 1, 1, 1])
        {
            await bench.OpenAsync(Degraded, half);
            await bench.WriteAsync(0, (byte)half);
            await bench.CloseAsync();
        }

        BlockDevice trusted = bench.Open(bench.Disks[0]);
        await using (await MirrorDevice.OpenAsync(
            bench.Client, [trusted, bench.Open(bench.Disks[1])], new MirrorOpenOptions { Trusted = trusted }, cancellationToken: TestContext.Current.CancellationToken))
        {
        }

        await bench.OpenAsync();
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
        await bench.ResyncAsync();
        bench.AssertEqual();
    }
}
