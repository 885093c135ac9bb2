using System.Buffers;
using System.Collections.Concurrent;
using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>Callbacks and progress reports, and jobs that share a service.</summary>
public sealed class CopyCallbackTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Callbacks_NeverRunTwoAtOnce()
    {
        using CopyBench bench = new(8, client: new DmIoOptions { Lanes = 2 });
        int inside = 0;
        int most = 0;
        using CountdownEvent ended = new(8);
        CountedProgress progress = new(Enter);
        for (int i = 0; i < 8; i++)
        {
            bench.Service.Submit(bench.From, [IoRegion.Whole(bench.Destinations[i])], (_, _) =>
            {
                Enter();
                ended.Signal();
            }, options: new CopyOptions { Progress = progress });
        }

        await Task.Run(() => Assert.True(ended.Wait(Limit)), TestContext.Current.CancellationToken);
        Assert.Equal(1, most);

        void Enter()
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            Thread.Sleep(1);
            Interlocked.Decrement(ref inside);
        }
    }

    [Theory]
    [InlineData(CopyWay.Awaited)]
    [InlineData(CopyWay.Callback)]
    public async Task Progress_Ascends_AndIsCompleteBeforeTheEnd(CopyWay way)
    {
        using CopyBench bench = new();
        ConcurrentQueue<CopyProgress> reports = new();
        CountedProgress progress = new(() => { }) { Reported = reports.Enqueue };
        CopyBench.AssertComplete(await bench.CopyAsync(way, new CopyOptions { Progress = progress, StartAt = 8 }), CopyBench.Sectors - 8, CopyBench.Sectors);
        CopyProgress[] all = [.. reports];
        Assert.NotEmpty(all);
        Assert.Equal(CopyBench.Sectors, all[^1].SectorsDone);
        Assert.Equal(TimeSpan.Zero, all[^1].Remaining);
        Assert.All(all, static report => Assert.Equal(CopyBench.Sectors, report.SectorCount));
        Assert.Equal(all.Select(static report => report.SectorsDone).Order(), all.Select(static report => report.SectorsDone));
    }

    [Fact]
    public async Task Progress_IsNotToldAgainWithin20Milliseconds_ExceptAtTheEnd()
    {
        ManualTime time = new();
        ManualTime pace = new();
        using CopyBench bench = new(service: new CopyServiceOptions { PiecesInFlight = 1, TimeProvider = time });
        ConcurrentQueue<CopyProgress> reports = new();
        CopyOptions options = new()
        {
            Progress = new CountedProgress(() => { }) { Reported = reports.Enqueue },
            Throttle = new CopyThrottle(CopyBench.PieceBytes, pace),
        };
        Task<CopyResult> copy = bench.CopyAsync(options: options);
        for (int piece = 1; piece < CopyBench.Pieces; piece++)
        {
            // The first and every other one after it.
            Assert.True(SpinWait.SpinUntil(() => pace.Armed == 1 && reports.Count >= (piece + 1) / 2, Limit));
            time.Advance(TimeSpan.FromMilliseconds(10));
            pace.Advance(TimeSpan.FromSeconds(1));
        }

        CopyBench.AssertComplete(await copy, CopyBench.Sectors);
        Assert.Equal(
            Enumerable.Range(0, CopyBench.Pieces / 2).Select(static pair => ((2 * pair) + 1) * CopyBench.PieceSectors).Append(CopyBench.Sectors),
            reports.Select(static report => (int)report.SectorsDone));
    }

    [Fact]
    public async Task Throwing_IsReported_AndTheServiceGoesOn()
    {
        ConcurrentQueue<Exception> failed = new();
        using CopyBench bench = new(service: new CopyServiceOptions { PiecesInFlight = 4, CallbackFailed = failed.Enqueue });
        bench.Service.Submit(bench.From, bench.To, static (_, _) => throw new InvalidOperationException("callback"));
        CountedProgress progress = new(static () => throw new InvalidOperationException("progress"));
        CopyBench.AssertComplete(await bench.CopyAsync(options: new CopyOptions { Progress = progress }), CopyBench.Sectors);
        Assert.Contains(failed, static exception => exception.Message is "callback");
        Assert.Contains(failed, static exception => exception.Message is "progress");
    }

    [Fact]
    public async Task Callback_MayWaitForAnotherJob_AndSubmitOne()
    {
        using CopyBench bench = new(2);
        TaskCompletionSource<CopyResult> last = new();
        bench.Service.Submit(bench.From, [bench.To[0]], (_, _) =>
        {
            CopyResult inner = bench.Service.CopyAsync(bench.From, [bench.To[1]]).AsTask().WaitAsync(Limit).GetAwaiter().GetResult();
            CopyBench.AssertComplete(inner, CopyBench.Sectors);
            bench.Service.SubmitWriteZeroes([bench.To[1]], (result, _) => last.SetResult(result));
        });
        CopyBench.AssertComplete(await last.Task.WaitAsync(Limit, TestContext.Current.CancellationToken), CopyBench.Sectors);
    }

    [Fact]
    public async Task Jobs_ThatRunAtOnce_ShareTheWindow()
    {
        using CopyBench bench = new(3);
        CopyThrottle throttle = new(1);
        Task<CopyResult> slow = bench.RunAsync(CopyWay.Callback, new CopyOptions { Throttle = throttle }, bench.From, [bench.To[2]]);
        Fault hold = bench.DestinationDisks[0].Hold(MediumOperations.Write);
        Task<CopyResult> stuck = bench.RunAsync(CopyWay.Callback, null, bench.From, [bench.To[0]]);
        Assert.True(hold.WaitForHits(2, Limit));

        // The stuck job has half of the slots, as it was one of two.
        CopyBench.AssertComplete(await bench.RunAsync(CopyWay.Callback, null, bench.From, [bench.To[1]]), CopyBench.Sectors);
        Assert.Equal(2, hold.Hits);
        hold.Dispose();
        CopyBench.AssertComplete(await stuck, CopyBench.Sectors);
        throttle.BytesPerSecond = CopyThrottle.MaxBytesPerSecond;
        CopyBench.AssertComplete(await slow, CopyBench.Sectors);
    }

    [Fact]
    public async Task ManyJobs_AtOnce_AllComplete()
    {
        using CopyBench bench = new(64, client: new DmIoOptions { Lanes = 2 });
        CopyResult[] results = await Task.WhenAll(bench.To.Select((region, i) => bench.RunAsync(
            (CopyWay)(i % 2), new CopyOptions { SequentialWrites = i % 3 == 0 }, bench.From, [region])));
        Assert.All(results, static result => CopyBench.AssertComplete(result, CopyBench.Sectors));
        for (int i = 0; i < 64; i++)
            bench.AssertCopied(i);
    }

    [Fact]
    public async Task PagesAllRented_RequestsAllReserved_TheCopyGoesOn()
    {
        using CopyBench bench = new(3);
        using PageReservation reservation = bench.Client.Reserve(16, 4);
        using IMemoryOwner<byte> all = bench.Client.Pages.Rent(16 * PageList.PageSize);
        Assert.False(bench.Client.Pages.TryRentPages(1, out _));
        CopyBench.AssertComplete(await bench.CopyAsync(), CopyBench.Sectors);
        for (int i = 0; i < 3; i++)
            bench.AssertCopied(i);
    }

    [Fact]
    public async Task CallbacksOnTheThreadPool_WorkToo()
    {
        using CopyBench bench = new(3, client: new DmIoOptions { Callbacks = IoCallbackThreads.ThreadPool, Lanes = 2 });
        using PageReservation reservation = bench.Client.Reserve(0, 2);
        CopyBench.AssertComplete(await bench.CopyAsync(options: new CopyOptions { SequentialWrites = true }), CopyBench.Sectors);
    }

    private sealed class CountedProgress(Action report) : IProgress<CopyProgress>
    {
        public Action<CopyProgress>? Reported { get; init; }

        public void Report(CopyProgress value)
        {
            Reported?.Invoke(value);
            report();
        }
    }
}
