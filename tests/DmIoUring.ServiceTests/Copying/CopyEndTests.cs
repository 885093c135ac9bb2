using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>Jobs that end before they are done: cancelled, disposed, misused in the middle; and those that go on after that.</summary>
public sealed class CopyEndTests
{
    private const int Piece = CopyBench.PieceSectors;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(MediumOperations.Read, false)]
    [InlineData(MediumOperations.Write, false)]
    [InlineData(MediumOperations.Read, true)]
    [InlineData(MediumOperations.Write, true)]
    public async Task Cancel_PiecesInFlightEnd_AndTheRestCanBeResumed(MediumOperations held, bool isSequential)
    {
        using CopyBench bench = new(2);
        FaultyMedium medium = held == MediumOperations.Read ? bench.SourceDisk : bench.DestinationDisks[1];
        Fault hold = medium.Hold(held, 4 * Piece, CopyBench.Sectors);
        using CancellationTokenSource cancellation = new();
        Task<CopyResult> copy = bench.Service.CopyAsync(bench.From, bench.To, new CopyOptions { SequentialWrites = isSequential, Flush = true }, cancellation.Token).AsTask();
        Assert.True(hold.WaitForHits(1, Limit));
        await cancellation.CancelAsync();
        Assert.False(copy.IsCompleted);
        hold.Dispose();
        CopyResult result = await copy.WaitAsync(Limit);
        Assert.Equal(CopyOutcome.Cancelled, result.Outcome);
        Assert.InRange(result.NextSector, 4 * Piece, 8 * Piece);
        Assert.Equal(result.NextSector, result.SectorsCopied);
        for (int i = 0; i < 2; i++)
        {
            Assert.Null(CopyBench.FirstDifference(CopyBench.Part(bench.Data, 0, result.NextSector), bench.ContentOf(i)));
            bench.AssertUntouched(i, (int)result.NextSector, CopyBench.Sectors - (int)result.NextSector);
            Assert.DoesNotContain(bench.DestinationDisks[i].Log, static request => request.Operation == MediumOperations.Flush);
        }

        CopyResult rest = await bench.CopyAsync(options: new CopyOptions { StartAt = result.NextSector });
        CopyBench.AssertComplete(rest, CopyBench.Sectors - result.NextSector, CopyBench.Sectors);
        bench.AssertCopied(0);
        bench.AssertCopied(1);
    }

    [Fact]
    public async Task Cancelled_WhileAPieceIsReadInParts_WritesNothingBehindIt_InOrder()
    {
        using CopyBench bench = new();
        bench.SourceDisk.Fail(MediumOperations.Read, 5, 2 * Piece, Piece);
        using CancellationTokenSource cancellation = new();
        Fault hold = bench.SourceDisk.Hold(MediumOperations.Read, 2 * Piece, Piece);
        CopyOptions options = new() { SequentialWrites = true, OnReadError = CopyReadErrorPolicy.WriteZeroes };
        Task<CopyResult> copy = bench.Service.CopyAsync(bench.From, bench.To, options, cancellation.Token).AsTask();
        Assert.True(hold.WaitForHits(1, Limit));
        await cancellation.CancelAsync();
        hold.Dispose();
        CopyResult result = await copy.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal((CopyOutcome.Cancelled, 2L * Piece), (result.Outcome, result.NextSector));
        bench.AssertUntouched(0, 2 * Piece, CopyBench.Sectors - (2 * Piece));
    }

    [Fact]
    public async Task Cancelled_WhileAPieceIsReadInParts_TellsOnlyWhatIsZeroes()
    {
        using CopyBench bench = new(sectors: 2000 * Piece);
        Fault bad = bench.SourceDisk.Fail(MediumOperations.Read, 5);
        using CancellationTokenSource cancellation = new();
        Task<CopyResult> copy = bench.Service.CopyAsync(bench.From, bench.To, new CopyOptions { OnReadError = CopyReadErrorPolicy.WriteZeroes }, cancellation.Token).AsTask();
        Assert.True(bad.WaitForHits(30, Limit));
        await cancellation.CancelAsync();
        CopyResult result = await copy.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal((CopyOutcome.Cancelled, 0), (result.Outcome, result.SectorsCopied));
        foreach (CopyRange range in result.NotRead)
            Assert.False(CopyBench.Part(bench.ContentOf(0), range.Sector, range.Count).ContainsAnyExcept((byte)0), $"{range} is not zeroes");
    }

    [Fact]
    public async Task Cancelled_JobsThatAreLeft_TakeItsShare()
    {
        using CopyBench bench = new(2);
        using CancellationTokenSource cancellation = new();
        CopyOptions slow = new() { Throttle = new CopyThrottle(1) };
        Task<CopyResult> cancelled = bench.Service.CopyAsync(bench.From, [bench.To[1]], slow, cancellation.Token).AsTask();
        Assert.True(SpinWait.SpinUntil(() => bench.DestinationDisks[1].Log.Any(static request => request.Operation == MediumOperations.Write), Limit));
        Fault hold = bench.DestinationDisks[0].Hold(MediumOperations.Write);
        Task<CopyResult> other = bench.RunAsync(CopyWay.Awaited, null, bench.From, [bench.To[0]]);
        Assert.True(hold.WaitForHits(2, Limit));
        await cancellation.CancelAsync();
        Assert.Equal(CopyOutcome.Cancelled, (await cancelled.WaitAsync(Limit, TestContext.Current.CancellationToken)).Outcome);
        Assert.True(hold.WaitForHits(4, Limit));
        hold.Dispose();
        CopyBench.AssertComplete(await other, CopyBench.Sectors);
    }

    [Fact]
    public async Task Cancelled_BeforeItBegins_DoesNothing()
    {
        using CopyBench bench = new();
        CopyResult result = await bench.Service.CopyAsync(bench.From, bench.To, cancellationToken: new CancellationToken(canceled: true));
        Assert.Equal(CopyOutcome.Cancelled, result.Outcome);
        Assert.Equal(0, result.NextSector);
        bench.AssertUntouched(0, 0, CopyBench.Sectors);
        CopyBench.AssertComplete(await bench.CopyAsync(), CopyBench.Sectors);
    }

    [Theory]
    [InlineData(CopyWay.Awaited)]
    [InlineData(CopyWay.Callback)]
    public async Task Dispose_InFlight_EndsAsCancelled(CopyWay way)
    {
        using CopyBench bench = new();
        Fault hold = bench.DestinationDisks[0].Hold(MediumOperations.Write);
        Task<CopyResult> copy = bench.CopyAsync(way);
        Task<CopyResult> second = bench.CopyAsync(way);
        Assert.True(hold.WaitForHits(4, Limit));
        Task dispose = Task.Run(bench.Service.Dispose, TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => RefusesCopies(bench), Limit));
        Assert.False(dispose.IsCompleted);
        Assert.False(copy.IsCompleted);
        hold.Dispose();
        await dispose.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(CopyOutcome.Cancelled, (await copy.WaitAsync(Limit, TestContext.Current.CancellationToken)).Outcome);
        Assert.Equal(CopyOutcome.Cancelled, (await second.WaitAsync(Limit, TestContext.Current.CancellationToken)).Outcome);
        bench.Service.Dispose();
        await bench.Service.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await bench.Service.CopyAsync(bench.From, bench.To));
        Assert.Throws<ObjectDisposedException>(() => bench.Service.Submit(bench.From, bench.To, static (_, _) => { }));
    }

    private static bool RefusesCopies(CopyBench bench)
    {
        try
        {
            bench.Service.Submit(bench.From, bench.To, static (_, _) => { });
            Thread.Sleep(1);
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dispose_InItsOwnCallback_Returns(bool isAsync)
    {
        using CopyBench bench = new();
        TaskCompletionSource disposed = new();
        bench.Service.Submit(bench.From, bench.To, (_, _) =>
        {
            if (isAsync)
                bench.Service.DisposeAsync().AsTask().Wait(Limit);
            else
                bench.Service.Dispose();
            disposed.SetResult();
        });
        await disposed.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        await bench.Service.DisposeAsync();
    }

    [Theory]
    [InlineData(CopyWay.Awaited, false, true)]
    [InlineData(CopyWay.Callback, false, true)]
    [InlineData(CopyWay.Awaited, true, true)]
    [InlineData(CopyWay.Awaited, false, false)]
    [InlineData(CopyWay.Awaited, true, false)]
    public async Task DeviceDisposed_WhileAJobRuns_EndsItWithTheException_Once(CopyWay way, bool isSequential, bool isDestination)
    {
        List<Exception> failed = [];
        using CopyBench bench = new(2, service: new CopyServiceOptions { PiecesInFlight = 4, CallbackFailed = failed.Add });
        Fault hold = bench.SourceDisk.Hold(MediumOperations.Read, 2 * Piece);
        Task<CopyResult> copy = bench.CopyAsync(way, new CopyOptions { SequentialWrites = isSequential });
        Assert.True(hold.WaitForHits(1, Limit));
        (isDestination ? bench.Destinations[0] : bench.Source).Dispose();
        hold.Dispose();
        if (way == CopyWay.Awaited)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => copy);
        }
        else
        {
            CopyResult result = await copy;
            Assert.Equal(CopyOutcome.Failed, result.Outcome);
            Assert.IsType<ObjectDisposedException>(result.Exception);
        }

        // No slot is lost: a job that needs all of them ends.
        using BlockDevice source = bench.SourceDisk.Open();
        CopyBench.AssertComplete(await bench.RunAsync(way, new CopyOptions(), IoRegion.Whole(source), [IoRegion.Whole(bench.Destinations[1])]), CopyBench.Sectors);
        Assert.Empty(failed);
    }

    [Fact]
    public async Task ClientDisposed_WhileAJobRuns_EndsItWithTheException()
    {
        using CopyBench bench = new(2);
        Fault hold = bench.SourceDisk.Hold(MediumOperations.Read, 2 * Piece);
        Task<CopyResult> copy = bench.CopyAsync();
        Assert.True(hold.WaitForHits(1, Limit));
        Task dispose = Task.Run(bench.Client.Dispose, TestContext.Current.CancellationToken);
        while (!dispose.IsCompleted && !IsClosed(bench))
            await Task.Delay(1, TestContext.Current.CancellationToken);
        hold.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => copy);
        await dispose.WaitAsync(Limit, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => bench.CopyAsync());
        bench.Service.Dispose();
    }

    [Fact]
    public async Task ForeignDevice_EndsTheJobWithTheException()
    {
        using CopyBench bench = new();
        using CopyBench other = new();
        await Assert.ThrowsAsync<ArgumentException>(() => bench.RunAsync(CopyWay.Awaited, null, other.From, bench.To));
        CopyBench.AssertComplete(await bench.CopyAsync(), CopyBench.Sectors);
    }

    private static bool IsClosed(CopyBench bench)
    {
        try
        {
            using PageReservation reservation = bench.Client.Reserve(1);
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }
}
