using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>What whoever waits for a resync is told, and how he ends it.</summary>
public sealed class MirrorResyncTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task CancelledInTheMiddleOfARegion_DoesNotWaitForTheRegionsEnd()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(new MirrorCreateOptions { Sectors = MirrorBench.Sectors, RegionSectors = MirrorBench.Sectors });
        using CancellationTokenSource cancellation = new();

        // The second piece would wait for days. What is written behind the data is metadata.
        Task<MirrorResyncResult> resync = bench.Mirror.ResyncAsync(new MirrorResyncOptions { Throttle = new CopyThrottle(1) }, cancellation.Token);
        Assert.True(SpinWait.SpinUntil(
            () => bench.Disks[1].Log.Any(static request => request is { Operation: MediumOperations.Write, Errno: 0, End: not null, Sector: < MirrorBench.Sectors }), Limit));
        await cancellation.CancelAsync();
        MirrorResyncResult result = await resync.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.True(result.Outcome == MirrorResyncOutcome.Cancelled, result.ToString());
        Assert.Equal((0L, MirrorLegState.OutOfSync), (result.CopiedRegions, bench.State(1)));
        await bench.ResyncAsync();
        bench.AssertEqual();
    }

    [Fact]
    public async Task Progress_IsToldOneAtATime_AndAscends()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(isEqual: false);
        Listener listener = new();
        await bench.Mirror.ResyncAsync(new MirrorResyncOptions { Progress = listener }, TestContext.Current.CancellationToken);
        const long regions = MirrorBench.Sectors / MirrorBench.RegionSectors;
        Assert.False(listener.WasToldTwoAtOnce);
        Assert.Equal(Enumerable.Range(1, (int)regions).Select(static done => new MirrorResyncProgress(regions, done)), listener.Told);
    }

    private sealed class Listener : IProgress<MirrorResyncProgress>
    {
        private int _inside;

        public List<MirrorResyncProgress> Told { get; } = [];

        public bool WasToldTwoAtOnce { get; private set; }

        public void Report(MirrorResyncProgress value)
        {
            WasToldTwoAtOnce |= Interlocked.Increment(ref _inside) > 1;
            Thread.Sleep(2);
            Told.Add(value);
            Interlocked.Decrement(ref _inside);
        }
    }
}
