using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DmIoUring.Engine;

namespace DmIoUring.UnitTests.Engine;

public sealed class RequestPoolTests
{
    [Fact]
    public void TheRequestPastTheMost_IsRefused_WithTheNumber()
    {
        RequestStack places = new();
        for (int i = 0; i < RequestStack.MaxRequests; i++)
            Assert.Equal(i, places.AllocateSlot());
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => places.AllocateSlot());
        Assert.Contains("1048576", refused.Message, StringComparison.Ordinal);
        places.FreeSlot(7);
        Assert.Equal(7, places.AllocateSlot());
    }

    [Fact]
    public void Take_AfterReturn_GivesTheSameRequestAgain()
    {
        RequestPool pool = new(new CallbackReporter(null));
        Request request = pool.Take(mayWait: true);
        pool.Return(request);
        Assert.Same(request, pool.Take(mayWait: true));
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void ManyThreads_NeverHoldTheSameRequest_AndThePoolStaysSmall()
    {
        const int threads = 4;
        const int held = 8;
        RequestPool pool = new(new CallbackReporter(null));
        ConcurrentDictionary<Request, int> holders = new();

        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
        {
            Random random = new(1);
            Queue<Request> mine = new();
            for (int i = 0; i < 100_000; i++)
            {
                if (mine.Count == held || (mine.Count > 0 && random.Next(2) == 0))
                {
                    Request request = mine.Dequeue();
                    Assert.True(holders.TryRemove(request, out int _));
                    pool.Return(request);
                }
                else
                {
                    Request request = pool.Take(mayWait: true);
                    Assert.True(holders.TryAdd(request, 0), "Two threads hold one request.");
                    mine.Enqueue(request);
                }
            }

            while (mine.TryDequeue(out Request? request))
            {
                holders.TryRemove(request, out int _);
                pool.Return(request);
            }
        });

        Assert.InRange(pool.Count, 1, threads * held);
    }

    [Fact]
    public void RequestThatIsNeverReturned_IsNotKeptAlive()
    {
        RequestPool pool = new(new CallbackReporter(null));
        WeakReference abandoned = Abandon(pool);
        GC.Collect();
        Assert.False(abandoned.IsAlive);
        Assert.NotNull(pool.Take(mayWait: true));
    }

    [Fact]
    public void Reserve_MakesThatManyAtOnce_AndNoMore()
    {
        RequestPool pool = new(new CallbackReporter(null));
        pool.Reserve(3);
        Assert.Equal(3, pool.Count);
        Request[] all = [pool.Take(mayWait: true), pool.Take(mayWait: true), pool.Take(mayWait: true)];

        Assert.False(pool.TryTake(out Request? _));
        pool.Return(all[1]);
        Assert.True(pool.TryTake(out Request? again));
        Assert.Same(all[1], again);
        Assert.Equal(3, pool.Count);
    }

    [Fact]
    public void PastTheReserve_ThreadsAreServedInOrder_AndTryOvertakesNone()
    {
        const int threads = 8;
        RequestPool pool = new(new CallbackReporter(null));
        pool.Reserve(1);
        Request only = pool.Take(mayWait: true);
        ConcurrentQueue<int> served = new();
        List<Thread> waiting = [];
        for (int i = 0; i < threads; i++)
        {
            int number = i;
            Thread thread = new(() =>
            {
                Request request = pool.Take(mayWait: true);
                served.Enqueue(number);
                pool.Return(request);
            });
            thread.Start();
            waiting.Add(thread);
            SpinWait.SpinUntil(() => pool.Waiting == number + 1);
        }

        Assert.False(pool.TryTake(out Request? _));
        pool.Return(only);
        waiting.ForEach(static thread => thread.Join());

        Assert.Equal(Enumerable.Range(0, threads), served);
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void PastTheReserve_WhoCantWaitGetsOneMore_WhichIsCountedAndNotKept()
    {
        RequestPool pool = new(new CallbackReporter(null));
        pool.Reserve(1);
        Request first = pool.Take(mayWait: true);
        Request extra = pool.Take(mayWait: false);

        Assert.Equal(1, pool.Overdrafts);
        pool.Return(first);
        pool.Return(extra);
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void ASmallerReserve_DropsRequestsAsTheyReturn()
    {
        RequestPool pool = new(new CallbackReporter(null));
        pool.Reserve(4);
        Request[] all = [.. Enumerable.Range(0, 4).Select(_ => pool.Take(mayWait: true))];
        pool.Unreserve(2);
        foreach (Request request in all)
            pool.Return(request);
        Assert.Equal(2, pool.Count);

        pool.Unreserve(2);
        Assert.Equal(0, pool.Count);
        for (int i = 0; i < 10; i++)
            pool.Take(mayWait: true);
        Assert.Equal(10, pool.Count);
    }

    [Fact]
    public void ManyThreads_AgainstAReserveOfTwo_AllGetTheirTurn()
    {
        RequestPool pool = new(new CallbackReporter(null));
        pool.Reserve(2);
        int taken = 0;
        Thread[] threads = [.. Enumerable.Range(0, 6).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 5_000; i++)
            {
                Request request = pool.Take(mayWait: true);
                Interlocked.Increment(ref taken);
                pool.Return(request);
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();

        Assert.Equal(30_000, taken);
        Assert.Equal(2, pool.Count);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Abandon(RequestPool pool)
    {
        pool.Return(pool.Take(mayWait: true));
        return new WeakReference(pool.Take(mayWait: true));
    }
}
