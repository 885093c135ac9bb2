using System.Globalization;
using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>Rates, on a clock of the test's own.</summary>
public sealed class CopyThrottleTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PieceTime = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Throttle_LetsAPieceThroughEachPieceTime()
    {
        ManualTime time = new();
        CopyThrottle throttle = new(CopyBench.PieceBytes, time);
        using CopyBench bench = new(service: new CopyServiceOptions { PiecesInFlight = 4, TimeProvider = time });
        Task<CopyResult> copy = bench.CopyAsync(options: new CopyOptions { Throttle = throttle });
        for (int piece = 1; piece < CopyBench.Pieces; piece++)
        {
            WaitFor(() => time.Armed == 1 && Reads(bench) == piece);
            Assert.False(copy.IsCompleted);
            time.Advance(PieceTime / 2);
            Assert.Equal(piece, Reads(bench));
            time.Advance(PieceTime / 2);
        }

        CopyResult result = await copy.WaitAsync(Limit, TestContext.Current.CancellationToken);
        CopyBench.AssertComplete(result, CopyBench.Sectors);
        Assert.Equal(PieceTime * (CopyBench.Pieces - 1), result.Elapsed);
        Assert.Equal(0, time.Armed);
    }

    [Fact]
    public async Task Throttle_IsSharedByServices_InTurn()
    {
        ManualTime time = new();
        CopyThrottle throttle = new(CopyBench.PieceBytes, time);
        using CopyBench one = new();
        using CopyBench other = new();
        Task<CopyResult> first = one.CopyAsync(options: new CopyOptions { Throttle = throttle });
        WaitFor(() => Reads(one) == 1);
        Task<CopyResult> second = other.CopyAsync(options: new CopyOptions { Throttle = throttle });
        for (int pieces = 1; pieces < CopyBench.Pieces; pieces++)
        {
            int all = pieces;
            WaitFor(() => time.Armed == 1 && Reads(one) + Reads(other) == all);
            time.Advance(PieceTime);
        }

        WaitFor(() => Reads(one) + Reads(other) == CopyBench.Pieces);
        Assert.InRange(Reads(one), (CopyBench.Pieces / 2) - 1, (CopyBench.Pieces / 2) + 1);
        throttle.BytesPerSecond = CopyThrottle.MaxBytesPerSecond;
        time.Advance(PieceTime);
        while (!first.IsCompleted || !second.IsCompleted)
        {
            time.Advance(PieceTime);
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        CopyBench.AssertComplete(await first, CopyBench.Sectors);
        CopyBench.AssertComplete(await second, CopyBench.Sectors);
    }

    [Fact]
    public async Task Rate_CanBeChanged_AlsoForWhoWaits()
    {
        ManualTime time = new();
        CopyThrottle throttle = new(1, time);
        using CopyBench bench = new();
        Task<CopyResult> copy = bench.CopyAsync(options: new CopyOptions { Throttle = throttle });
        WaitFor(() => time.Armed == 1 && Reads(bench) == 1);
        time.Advance(PieceTime);
        Assert.Equal(1, Reads(bench));
        throttle.BytesPerSecond = 1 << 30;
        while (!copy.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        CopyBench.AssertComplete(await copy, CopyBench.Sectors);
        Assert.True(time.ShortestWait >= TimeSpan.FromMilliseconds(1), $"a timer was set to {time.ShortestWait}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Waiting_CanBeCancelled(bool byDispose)
    {
        ManualTime time = new();
        CopyThrottle throttle = new(1, time);
        using CopyBench bench = new();
        using CancellationTokenSource cancellation = new();
        Task<CopyResult> copy = bench.Service.CopyAsync(bench.From, bench.To, new CopyOptions { Throttle = throttle }, cancellation.Token).AsTask();
        WaitFor(() => time.Armed == 1 && Reads(bench) == 1);
        if (byDispose)
            await bench.Service.DisposeAsync();
        else
            await cancellation.CancelAsync();
        CopyResult result = await copy.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal((CopyOutcome.Cancelled, CopyBench.PieceSectors), (result.Outcome, result.NextSector));
        Assert.Equal(0, time.Armed);
    }

    [Fact]
    public void RateOutOfRange_IsRefused_WithTheValue()
    {
        CopyThrottle throttle = new(1);
        foreach (long rate in new[] { long.MinValue, -1, 0, CopyThrottle.MaxBytesPerSecond + 1 })
        {
            string text = rate.ToString(CultureInfo.InvariantCulture);
            Assert.Contains(text, Assert.Throws<ArgumentOutOfRangeException>(() => new CopyThrottle(rate)).Message, StringComparison.Ordinal);
            Assert.Contains(text, Assert.Throws<ArgumentOutOfRangeException>(() => throttle.BytesPerSecond = rate).Message, StringComparison.Ordinal);
        }

        Assert.Equal(1, throttle.BytesPerSecond);
    }

    private static int Reads(CopyBench bench) => bench.SourceDisk.Log.Count(static request => request.Operation == MediumOperations.Read);

    private static void WaitFor(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Limit));
}
