using DmIoUring.Threading;

namespace DmIoUring.UnitTests.Threading;

/// <summary>A lock that nobody waits for.</summary>
public sealed class TryLockTests
{
    [Fact]
    public void Exit_SaysWhetherAnotherFoundItHeld_Once()
    {
        TryLock one = new();
        Assert.True(one.TryEnter());
        Assert.False(one.TryEnter());
        Assert.False(one.TryEnter());
        Assert.True(one.Exit());
        Assert.True(one.TryEnter());
        Assert.False(one.Exit());
    }

    /// <summary>Each round a thread that missed the lock is told of by an exit that follows.</summary>
    [Fact]
    public async Task OfManyThreads_OneIsInside_AndNoMissIsForgotten()
    {
        const int rounds = 20_000;
        TryLock one = new();
        int inside = 0;
        long told = 0;
        long missed = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < rounds; i++)
            {
                if (!one.TryEnter())
                {
                    Interlocked.Increment(ref missed);
                    continue;
                }

                Assert.Equal(1, Interlocked.Increment(ref inside));
                Interlocked.Decrement(ref inside);
                if (one.Exit())
                    Interlocked.Increment(ref told);
            }
        })));
        Assert.Equal(missed > 0, told > 0);
        Assert.InRange(told, 0, missed);
        Assert.True(one.TryEnter());
        Assert.False(one.Exit());
    }
}
