using DmIoUring.Engine;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

public sealed class RequestFreeListTests
{
    private readonly RequestPool _pool = new(new CallbackReporter(null));

    [Fact]
    public void WhatIsGivenLast_IsTakenFirst_AndEachOnce()
    {
        RequestFreeList spares = new(_pool, keepsAll: true);
        Request[] requests = [.. Enumerable.Range(0, 100).Select(_ => spares.Take())];
        Assert.Equal(100, requests.Distinct().Count());
        Array.ForEach(requests, spares.Put);
        Assert.Equal(Enumerable.Reverse(requests), Enumerable.Range(0, 100).Select(_ => spares.Take()));
        Assert.Equal(100, _pool.Count);
    }

    [Fact]
    public void WithNone_ItTakesFromThePool_AndPastAReserveOneMore()
    {
        RequestFreeList spares = new(_pool, keepsAll: true);
        _pool.Reserve(2);
        Request[] reserved = [spares.Take(), spares.Take()];
        Assert.Equal(0, _pool.Overdrafts);
        Assert.False(spares.TryTake(out _));
        Request more = spares.Take();
        Assert.DoesNotContain(more, reserved);
        Assert.Equal(1, _pool.Overdrafts);
        spares.Put(more);
        Assert.True(spares.TryTake(out Request? again));
        Assert.Same(more, again);
    }

    [Fact]
    public void Settle_GivesAllBackToAPoolThatOthersUse_AndNoneToAPoolOfItsOwn()
    {
        RequestFreeList shared = new(_pool, keepsAll: false);
        _pool.Reserve(3);
        Request[] requests = [shared.Take(), shared.Take(), shared.Take()];
        Array.ForEach(requests, shared.Put);
        Assert.False(_pool.TryTake(out _));
        shared.EndCallback();
        Assert.All(requests, _ => Assert.True(_pool.TryTake(out Request? request)));
        Assert.False(_pool.TryTake(out _));

        RequestPool own = new(new CallbackReporter(null));
        RequestFreeList kept = new(own, keepsAll: true);
        Request one = kept.Take();
        kept.Put(one);
        kept.EndCallback();
        Assert.Same(one, kept.Take());
    }

    [Fact]
    public void WhileAThreadWaits_WhatIsGivenIsThatThreads()
    {
        RequestFreeList spares = new(_pool, keepsAll: false);
        _pool.Reserve(1);
        Request only = spares.Take();
        Request? got = null;
        Thread waiter = new(() => got = _pool.Take(mayWait: true));
        waiter.Start();
        Assert.True(SpinWait.SpinUntil(() => _pool.Waiting == 1, Notification.Limit));
        spares.Put(only);
        Assert.True(waiter.Join(Notification.Limit));
        Assert.Same(only, got);
    }

    /// <summary>A place of the pool's has another request in it when the one before was dropped for being one too many.</summary>
    [Fact]
    public void APlaceThatIsUsedAgain_IsItsNewRequests()
    {
        RequestFreeList spares = new(_pool, keepsAll: false);
        _pool.Reserve(1);
        Request first = spares.Take();
        Request overdraft = spares.Take();
        spares.Put(overdraft);
        spares.EndCallback();
        Request next = spares.Take();
        Assert.Equal(overdraft.Index, next.Index);
        Assert.NotSame(overdraft, next);
        spares.Put(next);
        Assert.Same(next, spares.Take());
        Assert.NotSame(first, next);
    }
}
