using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DmIoUring.Engine;

namespace DmIoUring.Tests.Engine;

public sealed class RequestPoolTests
{
    [Fact]
    public void Take_AfterReturn_GivesTheSameRequestAgain()
    {
        RequestPool pool = new(new CallbackReporter(null));
        Request request = pool.Take();
        pool.Return(request);
        Assert.Same(request, pool.Take());
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void ManyThreads_NeverHoldTheSameRequestAtOnce_AndThePoolGrowsNoFurtherThanWhatWasOut()
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
                    Request request = pool.Take();
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
        Assert.NotNull(pool.Take());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Abandon(RequestPool pool)
    {
        pool.Return(pool.Take());
        return new WeakReference(pool.Take());
    }
}
