using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Threading;

/// <summary>An interrupt of a thread that waits for a lock of a pool of pages or of requests: nothing of the pool is lost.</summary>
public sealed class InterruptedPoolLockTests
{
    public static TheoryData<string> PagePoolCalls => [.. PagePoolRows.Keys];

    public static TheoryData<string> RequestPoolCalls => [.. RequestPoolRows.Keys];

    private static Dictionary<string, Action<PagePool, PageList, PageReservation>> PagePoolRows { get; } = new(StringComparer.Ordinal)
    {
        ["Counters"] = static (pool, _, _) => Assert.Equal(1, pool.Counters.Rented),
        ["Features"] = static (pool, _, _) => Assert.Empty(pool.Features),
        ["LongestRun"] = static (pool, _, _) => Assert.Equal(4, pool.LongestRun),
        ["Reserve"] = static (pool, _, _) => pool.Reserve(2).Dispose(),
        ["Reserve that maps"] = static (pool, _, _) => pool.Reserve(2000).Dispose(),
        ["ReserveAsync"] = static (pool, _, _) =>
        {
            // To block on the task would be a wait of the test's own, which an interrupt ends.
            Task<PageReservation> reserving = pool.ReserveAsync(2, null, CancellationToken.None).AsTask();
            while (!reserving.IsCompleted)
                Thread.Yield();
            reserving.Result.Dispose();
        },
        ["Rent"] = static (pool, _, _) => pool.Rent(2).Dispose(),
        ["Rent adjacent"] = static (pool, _, _) => pool.Rent(2, contiguous: true).Dispose(),
        ["RentUninterrupted"] = static (pool, _, _) => pool.RentUninterrupted(2).Dispose(),
        ["TryRent"] = static (pool, _, _) =>
        {
            Assert.True(pool.TryRent(2, out PageList list));
            list.Dispose();
        },
        ["RentAsync"] = static (pool, _, _) => Renter.Of(pool, 2).Take().Dispose(),
        ["Return"] = static (_, list, _) => list.Dispose(),
        ["Give a reservation back"] = static (_, _, reservation) => reservation.Dispose(),
        ["ShareRegistrations"] = static (pool, _, _) =>
        {
            pool.ShareRegistrations(new ScriptedBufferTable());
            Assert.NotNull(pool.Registry);
        },
        ["RenewVersion"] = static (pool, _, _) =>
        {
            int before = pool.Version;
            pool.RenewVersion();
            Assert.Equal(before + 1, pool.Version);
        },
        ["CheckNotDisposed"] = static (pool, _, _) => pool.CheckNotDisposed(),
        ["Dispose"] = static (pool, _, _) => pool.Dispose(),
    };

    private static Dictionary<string, Action<RequestPool, Request, Request>> RequestPoolRows { get; } = new(StringComparer.Ordinal)
    {
        ["Return of one too many"] = static (pool, _, extra) => pool.Return(extra),
        ["Overdraft"] = static (pool, _, _) => pool.Return(pool.Take(mayWait: false)),
        ["Reserve"] = static (pool, _, _) => pool.Reserve(3),
        ["RollBack"] = static (pool, _, _) =>
        {
            pool.Prepare(3);
            pool.RollBack(3);
        },
        ["Give a reservation back"] = static (pool, first, extra) =>
        {
            pool.Unreserve(1);
            pool.Reserve(1);
        },
        ["Left"] = static (pool, _, _) => Assert.Equal(RequestStack.MaxRequests - 1, pool.Left),
    };

    [Theory]
    [MemberData(nameof(PagePoolCalls))]
    public void PagePool_DoesWhatItWasAskedFor_AndLosesNoPage(string call)
    {
        CountedExtents source = new();
        using (PagePool pool = new(source))
        {
            PageReservation reservation = pool.Reserve(4);
            PageList list = pool.Rent(1);
            AssertDone(Interruption.UnderLock(Interruption.LockOf(pool, "_lock"), () => PagePoolRows[call](pool, list, reservation)));
            if (!string.Equals(call, "Return", StringComparison.Ordinal))
                list.Dispose();
            reservation.Dispose();
            Assert.Equal(default, pool.Counters);
        }

        Assert.Equal(0, source.Mapped);
    }

    [Fact]
    public void PagePool_Grows_WhenTheOneBeforeHasGrown()
    {
        CountedExtents source = new();
        using PagePool pool = new(source);
        using ManualResetEventSlim mapping = new();
        using ManualResetEventSlim goOn = new();
        source.WhileMapping = _ =>
        {
            mapping.Set();
            goOn.Wait(CancellationToken.None);
        };
        Task<PageReservation> first = Task.Run(() => pool.Reserve(10));
        mapping.Wait(TestContext.Current.CancellationToken);
        PageReservation? second = null;
        AssertDone(Interruption.During(() => second = pool.Reserve(20), static () => { }, goOn.Set));
        Assert.Equal(30, pool.Counters.Reserved);
        first.GetAwaiter().GetResult().Dispose();
        second!.Dispose();
        Assert.Equal(0, source.Mapped);
    }

    [Fact]
    public void AwaitedRenter_GetsItsPages_AndItsPlaceIsUsedAgain()
    {
        using PagePool pool = new(new CountedExtents());
        using PageReservation reservation = pool.Reserve(4);
        PageList all = pool.Rent(4);
        Renter waiting = Renter.Of(pool, 4);
        all.Dispose();
        AssertDone(Interruption.UnderLock(Interruption.LockOf(pool, "_lock"), () => all = waiting.Take()));
        using CancellationTokenSource cancel = new();
        Renter next = Renter.Cancellable(pool, 1, cancel.Token);
        AssertDone(Interruption.UnderLock(Interruption.LockOf(pool, "_lock"), cancel.Cancel));
        Assert.ThrowsAny<OperationCanceledException>(() => next.Take());
        all.Dispose();
        Assert.Equal(0, pool.Counters.Waiting);
    }

    [Fact]
    public void MemoryOwner_IsRentedAndReturned()
    {
        using PagePool pages = new(new CountedExtents());
        using PageReservation reservation = pages.Reserve(4);
        PageMemoryPool pool = new(pages);
        object gate = Interruption.LockOf(pool, "_lock");
        System.Buffers.IMemoryOwner<byte>? owner = null;
        AssertDone(Interruption.UnderLock(gate, () => owner = pool.Rent(8192)));
        Assert.Equal(8192, owner!.Memory.Length);
        AssertDone(Interruption.UnderLock(gate, owner.Dispose));
        Assert.Equal(0, pages.Counters.Rented);
        using System.Buffers.IMemoryOwner<byte> again = pool.Rent(4096);
        Assert.Same(owner, again);
    }

    [Theory]
    [MemberData(nameof(RequestPoolCalls))]
    public void RequestPool_DoesWhatItWasAskedFor_AndLosesNoRequest(string call)
    {
        RequestPool pool = new(new CallbackReporter(null));
        pool.Reserve(1);
        Request first = pool.Take(mayWait: true);
        Request extra = pool.Take(mayWait: false);
        AssertDone(Interruption.UnderLock(Interruption.LockOf(pool, "_lock"), () => RequestPoolRows[call](pool, first, extra)));
        pool.Return(first);
        if (!string.Equals(call, "Return of one too many", StringComparison.Ordinal))
            pool.Return(extra);
        Assert.Equal(pool.Reserved, pool.Count);
        for (int i = 0; i < pool.Reserved; i++)
            Assert.True(pool.TryTake(out _));
        Assert.False(pool.TryTake(out _));
    }

    [Fact]
    public void RequestPool_WithoutAReserve_Grows()
    {
        RequestPool pool = new(new CallbackReporter(null));
        AssertDone(Interruption.UnderLock(Interruption.LockOf(pool, "_lock"), () => pool.Return(pool.Take(mayWait: true))));
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void ThreadThatWaitsForARequest_GetsIt()
    {
        RequestPool pool = new(new CallbackReporter(null));
        pool.Reserve(1);
        Request only = pool.Take(mayWait: true);
        Request? got = null;
        AssertDone(Interruption.UnderLock(
            Interruption.LockOf(pool, "_lock"), () => got = pool.Take(mayWait: true), afterwards: () => pool.Return(only)));
        Assert.Same(only, got);
        Assert.Equal(0, pool.Waiting);
    }

    [Fact]
    public void ThreadThatReturnsARequest_ServesTheOneThatWaits()
    {
        RequestPool pool = new(new CallbackReporter(null));
        pool.Reserve(1);
        Request only = pool.Take(mayWait: true);
        Request? got = null;
        Thread waiter = new(() => got = pool.Take(mayWait: true)) { IsBackground = true };
        waiter.Start();
        Interruption.Until(() => pool.Waiting == 1);
        AssertDone(Interruption.UnderLock(Interruption.LockOf(pool, "_lock"), () => pool.Return(only)));
        Assert.True(waiter.Join(Notification.Limit));
        Assert.Same(only, got);
    }

    private static void AssertDone((Exception? Thrown, bool IsKept) what) => Assert.Equal((null, true), what);
}
