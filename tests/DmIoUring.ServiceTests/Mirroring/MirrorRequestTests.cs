using DmIoUring.Services;
using DmIoUring.Testing;
using static DmIoUring.ServiceTests.Mirroring.MirrorBench;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>Reads, writes, flushes, discards and zeroes of a mirror whose legs fail or do not.</summary>
public sealed class MirrorRequestTests
{
    private const int Eio = 5;

    public enum Request
    {
        Write,
        Fua,
        Preflush,
        SyncWrite,
        Discard,
        WriteZeroes,
        Flush,
    }

    public static TheoryData<Request> Requests => [.. Enum.GetValues<Request>()];

    /// <summary>Those of sectors, which wait for each other where they overlap.</summary>
    public static TheoryData<Request> Changes => [.. Enum.GetValues<Request>().Where(static request => request != Request.Flush)];

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(64)]
    public async Task Write_GoesToTheSameSectorsOfEveryLeg(int legs)
    {
        await using MirrorBench bench = new(legs);
        await bench.CreateAsync();
        await bench.WriteAsync(264, 7);
        foreach (SimulatedDisk disk in bench.Disks)
            Assert.Equal(Bytes(7), disk.Read(264, 8));
        Assert.Equal(Bytes(7), await bench.ReadAsync(264));
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task LegThatFails_IsOutOfSyncOnTheOthersMediumBeforeTheRequestEnds(Request request)
    {
        await using MirrorBench bench = new(3);
        await bench.CreateAsync();
        await bench.WriteAsync(0, 1);
        bench.Disks[1].Fail(MediumOperations.Changes, Eio);
        MirrorResult result = await AskAsync(bench.Mirror, request);

        Assert.True(result.IsSuccess, result.ToString());
        Assert.Equal(0b010ul, result.Legs.Failed.Value);
        Assert.Equal(1, result.Legs.First.Region);
        Assert.Equal([MirrorLegState.InSync, MirrorLegState.OutOfSync, MirrorLegState.InSync], bench.Mirror.Legs.Select(static leg => leg.State));
        Assert.Contains("EIO", bench.Mirror.Legs[1].Reason, StringComparison.Ordinal);

        // The power goes at once: what the others have on the medium says so.
        await bench.CrashAsync();
        bench.Disks[1].Write(0, Bytes(99));
        await bench.OpenAsync();
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task AllLegsThatFail_FailTheRequestAndStayInSync(Request request)
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.WriteAsync(0, 1);
        Fault[] faults = [.. bench.Disks.Select(static disk => disk.Fail(MediumOperations.Changes, Eio))];
        MirrorResult result = await AskAsync(bench.Mirror, request);

        Assert.False(result.IsSuccess);
        Assert.Equal(0b11ul, result.Legs.Failed.Value);
        Assert.All(bench.Mirror.Legs, static leg => Assert.Equal(MirrorLegState.InSync, leg.State));
        foreach (Fault fault in faults)
            fault.Dispose();
        if (request is Request.Flush or Request.Fua or Request.Preflush)
            return;

        // It may be on one leg and not on the other.
        Assert.Equal(request != Request.Discard, bench.Mirror.NeedsResync);
        await bench.ResyncAsync();
        bench.AssertEqual();
    }

    public static TheoryData<Request, bool> ChangesFirstAndLater
    {
        get
        {
            TheoryData<Request, bool> cases = [];
            foreach (Request request in Enum.GetValues<Request>().Where(static request => request != Request.Flush))
            {
                cases.Add(request, true);
                cases.Add(request, false);
            }

            return cases;
        }
    }

    /// <summary>The first request to a region writes the log too.</summary>
    [Theory]
    [MemberData(nameof(ChangesFirstAndLater))]
    public async Task Host_ThatIsShortOfMemoryForALittle_TakesOutNoLeg(Request request, bool isFirst)
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        if (!isFirst)
            await bench.WriteAsync(0, 1);
        bench.Disks[1].Fail(MediumOperations.Write | MediumOperations.Discard, errno: 12, times: 1);
        MirrorResult result = await AskAsync(bench.Mirror, request);
        Assert.True(result.IsSuccess, result.ToString());
        Assert.True(result.Legs.IsSuccess, result.ToString());
        Assert.Equal(MirrorLegState.InSync, bench.State(1));
        if (request != Request.Discard)
            bench.AssertEqual();
    }

    [Fact]
    public async Task CallsThatWait_AreRefusedInACallback()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        TaskCompletionSource<string[]> said = new(TaskCreationOptions.RunContinuationsAsynchronously);
        byte[] block = Bytes(1);
        bench.Client.SubmitRead(new IoRegion(bench.Mirror.Legs[0].Device!, 0, 8), block, (_, _) =>
        {
            Action[] calls = [() => bench.Mirror.Read(0, 8, block), () => bench.Mirror.Write(0, 8, block), () => bench.Mirror.Flush(), bench.Mirror.Dispose];
            said.SetResult([.. calls.Select(static call => Assert.Throws<InvalidOperationException>(call).Message)]);
        });
        Assert.All(await said.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken), static message => Assert.Contains("in a callback", message, StringComparison.Ordinal));
        await bench.WriteAsync(0, 1);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task FirstRequestToARegion_AndASecondOne_AreDone(Request request)
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        for (int i = 0; i < 2; i++)
        {
            MirrorResult result = await AskAsync(bench.Mirror, request).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            Assert.Equal((true, true), (result.IsSuccess, result.Legs.IsSuccess));
        }

        if (request != Request.Discard)
            bench.AssertEqual();
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task RequestThatWaitsForAnother_IsDoneAfterIt(Request request)
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        Fault hold = bench.Disks[0].Hold(MediumOperations.Write, firstSector: 4, sectors: 1, times: 1);
        Task<MirrorResult> first = bench.Mirror.WriteAsync(4, 8, Bytes(9)).AsTask();
        Assert.True(hold.WaitForHits(1, TimeSpan.FromSeconds(30)));
        Task<MirrorResult> second = Task.Run(() => AskAsync(bench.Mirror, request), TestContext.Current.CancellationToken);
        hold.Dispose();
        Assert.True((await first).IsSuccess);
        Assert.True((await second).IsSuccess);
        MediumRequest[] log = [.. bench.Disks[0].Log.Where(static request => request.Sector < Sectors && request.Operation is MediumOperations.Write or MediumOperations.Discard)];
        Assert.True(log[0].EndedBefore(log[^1]), string.Join<MediumRequest>("; ", log));
        if (request != Request.Discard)
            bench.AssertEqual();
    }

    [Fact]
    public async Task Discard_ThatALegCanNot_TakesOutNoLeg()
    {
        await using MirrorBench bench = new(1);
        bench.Disks.Add(bench.AddDisk(new SimulatedDiskOptions { HasDiscard = false }));
        await bench.CreateAsync();
        MirrorResult result = await bench.Mirror.DiscardAsync(0, 8);
        Assert.True(result.IsSuccess, result.ToString());
        Assert.Equal(0b10ul, result.Legs.Unsupported.Value);
        Assert.Equal(MirrorLegState.InSync, bench.State(1));
        Assert.False(bench.Mirror.NeedsResync);
    }

    [Fact]
    public async Task Discard_ThatNoLegCan_IsUnsupportedAndNothingDiffers()
    {
        await using MirrorBench bench = new(2, disk: new SimulatedDiskOptions { HasDiscard = false });
        await bench.CreateAsync();
        MirrorResult result = await bench.Mirror.DiscardAsync(0, 8);
        Assert.False(result.IsSuccess);
        Assert.Equal(0b11ul, result.Legs.Unsupported.Value);
        Assert.False(bench.Mirror.NeedsResync);
    }

    [Fact]
    public async Task WriteZeroes_WhereALegHasNoCommand_WritesThemAsData()
    {
        await using MirrorBench bench = new(1);
        bench.Disks.Add(bench.AddDisk(new SimulatedDiskOptions { HasWriteZeroes = false }));
        await bench.CreateAsync();
        await bench.WriteAsync(0, 5, sectors: 64);
        MirrorResult result = await bench.Mirror.WriteZeroesAsync(8, 40);
        Assert.True(result.Legs.IsSuccess, result.ToString());
        bench.AssertEqual();
        Assert.Equal(new byte[40 * 512], bench.Disks[1].Read(8, 40));
    }

    [Theory]
    [InlineData(MirrorReadPolicy.First)]
    [InlineData(MirrorReadPolicy.RoundRobin)]
    [InlineData(MirrorReadPolicy.LeastBusy)]
    public async Task Read_ThatALegFails_ComesFromAnotherAndIsRepaired(MirrorReadPolicy policy)
    {
        await using MirrorBench bench = new(3);
        await bench.CreateAsync(new MirrorOptions { ReadPolicy = policy });
        await bench.WriteAsync(16, 3);
        Fault fault = bench.Disks[0].Fail(MediumOperations.Read, Eio, firstSector: 16, sectors: 8);
        bench.Disks[0].Write(16, Bytes(0));
        for (int i = 0; i < 3; i++)
            Assert.Equal(Bytes(3), await bench.ReadAsync(16));
        fault.Dispose();
        Assert.True(bench.Mirror.Legs[0].FailedReads >= 1);
        Assert.Equal(bench.Mirror.Legs[0].FailedReads, bench.Mirror.Legs[0].Repairs);
        bench.AssertEqual();
        Assert.All(bench.Mirror.Legs, static leg => Assert.Equal(MirrorLegState.InSync, leg.State));
    }

    [Fact]
    public async Task Read_WithoutRepair_LeavesTheLegAlone()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(new MirrorOptions { ReadPolicy = MirrorReadPolicy.First, RepairReads = false });
        await bench.WriteAsync(16, 3);
        bench.Disks[0].Fail(MediumOperations.Read, Eio);
        bench.Disks[0].ClearLog();
        Assert.Equal(Bytes(3), await bench.ReadAsync(16));
        Assert.DoesNotContain(bench.Disks[0].Log, static request => request.Operation == MediumOperations.Write);
    }

    [Fact]
    public async Task Repair_ThatFails_TakesTheLegOut()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(new MirrorOptions { ReadPolicy = MirrorReadPolicy.First });
        await bench.WriteAsync(16, 3);
        bench.Disks[0].Fail(MediumOperations.Read | MediumOperations.Write, Eio);
        Assert.Equal(Bytes(3), await bench.ReadAsync(16));
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(0));
    }

    [Fact]
    public async Task Read_ThatFailsOnEveryLeg_IsAFailureAndNoZeroes()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.WriteAsync(16, 3);
        foreach (SimulatedDisk disk in bench.Disks)
            disk.Fail(MediumOperations.Read, Eio);
        MirrorResult result = await bench.Mirror.ReadAsync(16, 8, new byte[4096]);
        Assert.False(result.IsSuccess);
        Assert.Equal(0b11ul, result.Legs.Failed.Value);
        Assert.All(bench.Mirror.Legs, static leg => Assert.Equal(MirrorLegState.InSync, leg.State));
    }

    [Fact]
    public async Task Read_NeverGoesToALegThatIsOutOfSync()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(new MirrorOptions { ReadPolicy = MirrorReadPolicy.RoundRobin });
        await bench.Mirror.TakeOutAsync(0);
        await bench.WriteAsync(0, 9);
        bench.Disks[1].Fail(MediumOperations.Read, Eio, times: 1);
        Assert.False((await bench.Mirror.ReadAsync(0, 8, new byte[4096])).IsSuccess);
        for (int i = 0; i < 4; i++)
            Assert.Equal(Bytes(9), await bench.ReadAsync(0));
        Assert.Equal(0, bench.Mirror.Legs[0].Reads);
    }

    [Fact]
    public async Task Writes_ThatOverlap_LeaveTheLegsEqual()
    {
        await using MirrorBench bench = new(3, disk: new SimulatedDiskOptions { MaxDelay = TimeSpan.FromMilliseconds(1) });
        await bench.CreateAsync();
        for (int round = 0; round < 20; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 16).Select(async i => Assert.True((await bench.Mirror.WriteAsync(i % 4 * 4, 16, Bytes((byte)(round * 16 + i), 16))).IsSuccess)));
            bench.AssertEqual();
        }
    }

    [Fact]
    public async Task LegChanges_AreToldInOrder()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.Mirror.TakeOutAsync(1);
        await bench.WriteAsync(0, 1);
        await bench.ResyncAsync();
        await bench.CloseAsync();
        Assert.Equal([MirrorLegState.OutOfSync, MirrorLegState.Resyncing, MirrorLegState.InSync], bench.Changes.Select(static change => change.Leg.State));
        Assert.Equal([MirrorLegState.InSync, MirrorLegState.OutOfSync, MirrorLegState.Resyncing], bench.Changes.Select(static change => change.Before));
    }

    private static async Task<MirrorResult> AskAsync(MirrorDevice mirror, Request request) => request switch
    {
        Request.Write => await mirror.WriteAsync(0, 8, Bytes(2)),
        Request.Fua => await mirror.WriteAsync(0, 8, Bytes(2), IoFlags.Fua),
        Request.Preflush => await mirror.WriteAsync(0, 8, Bytes(2), IoFlags.Preflush),
        Request.SyncWrite => mirror.Write(0, 8, Bytes(2)),
        Request.Discard => await mirror.DiscardAsync(0, 8),
        Request.WriteZeroes => await mirror.WriteZeroesAsync(0, 8),
        Request.Flush => await mirror.FlushAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(request), request, null),
    };
}
