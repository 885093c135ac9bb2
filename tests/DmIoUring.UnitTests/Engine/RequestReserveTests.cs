using System.Diagnostics;
using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>Requests that are reserved: there with all that belongs to them or not at all, and gone when they are given back.</summary>
public sealed class RequestReserveTests
{
    private int _grants = int.MaxValue;

    [Fact]
    public void Prepare_CountsNothing_UntilCommit()
    {
        RequestPool pool = Pool();
        pool.Reserve(1);
        Request only = pool.Take(mayWait: true);
        pool.Prepare(3);
        Assert.False(pool.TryTake(out _));
        Assert.Equal((1, 1), (pool.Count, pool.Reserved));
        pool.Commit(3);
        Assert.Equal((4, 4), (pool.Count, pool.Reserved));
        Assert.True(pool.TryTake(out Request? another));
        Assert.NotSame(only, another);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(700)]
    public void Prepare_FailsHalfWay_ChangesNothing_AndReusesItsSlots(int made)
    {
        RequestPool pool = Pool();
        pool.Reserve(2);
        _grants = made;
        Assert.Throws<InsufficientMemoryException>(() => pool.Reserve(1000));
        Assert.Equal((2, 2, RequestStack.MaxRequests - 2), (pool.Count, pool.Reserved, pool.Left));

        _grants = int.MaxValue;
        pool.Reserve(1000);
        HashSet<int> places = [];
        while (pool.TryTake(out Request? request))
            Assert.True(places.Add(request.Index));
        Assert.Equal(1002, places.Count);
        Assert.Equal(1001, places.Max());
    }

    [Fact]
    public void Withdraw_IsAsIfNothingHadBeen()
    {
        RequestPool pool = Pool();
        pool.Prepare(100);
        pool.RollBack(100);
        Assert.Equal((0, 0, RequestStack.MaxRequests), (pool.Count, pool.Reserved, pool.Left));
    }

    [Fact]
    public void MoreThanThereCanBe_IsRefused_WithTheValues()
    {
        RequestPool pool = Pool();
        pool.Reserve(5);
        string refused = Assert.Throws<InvalidOperationException>(() => pool.Reserve(RequestStack.MaxRequests - 4)).Message;
        Assert.Contains("1048572 requests can't be reserved: 5 are, and 1048576", refused, StringComparison.Ordinal);
        Assert.Equal((5, 5), (pool.Count, pool.Reserved));
    }

    /// <summary>One that was made past the reserve and comes back while another reservation is being made is needed for that.</summary>
    [Fact]
    public void RequestThatReturnsDuringAReserve_IsNotDropped()
    {
        RequestPool pool = Pool();
        pool.Reserve(1);
        Request first = pool.Take(mayWait: true);
        Request extra = pool.Take(mayWait: false);
        pool.Prepare(1);
        pool.Return(extra);
        pool.Commit(1);
        pool.Return(first);
        Assert.Equal((2, 2), (pool.Count, pool.Reserved));
        Assert.True(pool.TryTake(out _));
        Assert.True(pool.TryTake(out _));
        Assert.False(pool.TryTake(out _));
    }

    [Fact]
    public void GiveBack_LetsGoOfWhatIsAtRest_AndLaterOfWhatIsOut()
    {
        RequestPool pool = Pool();
        pool.Reserve(10);
        pool.Reserve(1000);
        Request[] taken = [.. Enumerable.Range(0, 20).Select(_ => pool.Take(mayWait: true))];
        pool.Unreserve(1000);
        Assert.Equal(20, pool.Count);
        Array.ForEach(taken, pool.Return);
        Assert.Equal(10, pool.Count);
        pool.Unreserve(10);
        Assert.Equal(0, pool.Count);
    }

    [Fact]
    public void AWaitingThread_WhenTheReserveGoes_IsServed()
    {
        RequestPool pool = Pool();
        pool.Reserve(1);
        Request only = pool.Take(mayWait: true);
        Request? got = null;
        Thread waiter = new(() => got = pool.Take(mayWait: true)) { IsBackground = true };
        waiter.Start();
        Assert.True(SpinWait.SpinUntil(() => pool.Waiting == 1, Notification.Limit));
        _grants = 0;
        pool.Unreserve(1);
        Assert.Equal(1, pool.Waiting);
        pool.Return(only);
        Assert.True(waiter.Join(Notification.Limit));
        Assert.Same(only, got);
    }

    [Theory]
    [InlineData(1, 256, 1)]
    [InlineData(4096, 2, 4096)]
    [InlineData(1 << 20, 256, 4096)]
    [InlineData(1 << 20, 8192, 16384)]
    [InlineData(1 << 28, 64 * 32768, 1 << 20)]
    public void Default_IsOneForEachPage_AndNotManyMoreThanCanBeUnderWay(long pages, int chunks, int requests) =>
        Assert.Equal(requests, new ReserveParticipant(Pool(), [], chunks).DefaultRequests(pages));

    [Fact]
    public void WaitThatLasts_NamesTheResultsThatNobodyTook()
    {
        RequestPool pool = new(new CallbackReporter(null)) { WarnAfter = TimeSpan.FromMilliseconds(1) };
        pool.Reserve(1);
        Request only = pool.Take(mayWait: true);
        pool.CountUnawaited();
        using TracedText listener = new();
        Trace.Listeners.Add(listener);
        Thread waiter = new(() => pool.Return(pool.Take(mayWait: true))) { IsBackground = true };
        waiter.Start();
        bool isNamed = SpinWait.SpinUntil(
            () => listener.Text.Contains("of 1 reserved requests. 1 of them have ended and stay occupied until their ValueTask is awaited", StringComparison.Ordinal),
            Notification.Limit);
        Trace.Listeners.Remove(listener);
        pool.ReturnAwaited(only);
        Assert.True(waiter.Join(Notification.Limit));
        Assert.True(isNamed, listener.Text);
        Assert.Equal(0, pool.UnawaitedResults);
    }

    /// <summary>
    /// Whoever returns a request pushes it first and then looks whether somebody waits. The other way round, one who begins to wait in
    /// between sleeps for ever: nobody else returns one here. Sleepers that wake all the time take the processor away in between.
    /// </summary>
    [Fact]
    public void ThreadThatBeginsToWaitDuringAReturn_IsServed()
    {
        RequestPool pool = Pool();
        pool.Reserve(1);
        int round = 0;
        int done = 0;
        bool isOver = false;
        Thread taker = new(() =>
        {
            for (int next = 1; !Volatile.Read(ref isOver); next++)
            {
                while (Volatile.Read(ref round) < next && !Volatile.Read(ref isOver))
                    Thread.Yield();
                pool.Return(pool.Take(mayWait: true));
                Volatile.Write(ref done, next);
            }
        })
        { IsBackground = true };
        taker.Start();
        for (int i = 0; i < 8; i++)
        {
            new Thread(() =>
            {
                while (!Volatile.Read(ref isOver))
                    Thread.Sleep(1);
            })
            { IsBackground = true }.Start();
        }

        Stopwatch clock = Stopwatch.StartNew();
        for (int next = 1; clock.Elapsed < TimeSpan.FromSeconds(5); next++)
        {
            Request only = pool.Take(mayWait: true);
            Volatile.Write(ref round, next);
            pool.Return(only);
            Assert.True(
                Volatile.Read(ref done) >= next || SpinWait.SpinUntil(() => Volatile.Read(ref done) >= next, TimeSpan.FromSeconds(20)),
                $"In round {next} a request is at rest and a thread waits for it.");
        }

        Volatile.Write(ref isOver, true);
        Assert.True(taker.Join(Notification.Limit));
    }

    /// <summary>
    /// One thread reads the head and its next, and stops; others take both and return the first. Its exchange must fail: the next is
    /// out. So the word of the head has to be another, although the head is the same.
    /// </summary>
    [Fact]
    public void HeadThatWasTakenAndReturned_IsAnotherWord()
    {
        RequestStack places = new();
        CallbackReporter reporter = new(null);
        Request[] requests = [.. Enumerable.Range(0, 3).Select(_ => new Request(reporter, pool: null, places.AllocateSlot()))];
        Array.ForEach(requests, places.Push);
        HashSet<ulong> words = [places.Head];
        for (int i = 0; i < 1000; i++)
        {
            Assert.True(places.TryPop(out Request? first));
            Assert.True(words.Add(places.Head));
            Assert.True(places.TryPop(out Request? second));
            Assert.True(words.Add(places.Head));
            places.Push(first);
            Assert.True(words.Add(places.Head), "A thread that saw this head before would take it for unchanged, and give its successor out twice.");
            Assert.True(places.TryPop(out first));
            places.Push(second);
            places.Push(first);
            words.Add(places.Head);
        }
    }

    private RequestPool Pool() => new(new CallbackReporter(null))
    {
        BeforeMake = () =>
        {
#pragma warning disable MA0012 // What the runtime throws.
            if (_grants-- <= 0)
                throw new InsufficientMemoryException();
#pragma warning restore MA0012
        },
    };
}
