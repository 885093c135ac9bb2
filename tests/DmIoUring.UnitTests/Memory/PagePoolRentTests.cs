using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Memory;

[Collection(AloneCollection.Name)]
public sealed class PagePoolRentTests : IDisposable
{
    private readonly PagePool _pool = new(new CountedExtents());

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void Rent_GivesAdjacentPages_WhereThereAreSome()
    {
        using PageReservation reservation = _pool.Reserve(200);
        PageList first = _pool.Rent(100);
        PageList second = _pool.Rent(100);
        Assert.True(first.IsContiguous);
        Assert.True(second.IsContiguous);
        first.Dispose();
        using PageList again = _pool.Rent(70);
        Assert.True(again.IsContiguous);
        second.Dispose();
    }

    [Fact]
    public void Rent_OfAPoolFullOfHoles_TakesThem()
    {
        using PageReservation reservation = _pool.Reserve(64);
        PageList[] single = [.. Enumerable.Range(0, 64).Select(_ => _pool.Rent(1))];
        for (int i = 0; i < 64; i += 2)
            single[i].Dispose();
        using PageList holes = _pool.Rent(32);
        Assert.False(holes.IsContiguous);
        Assert.Equal(0, _pool.Counters.Free);
        for (int i = 1; i < 64; i += 2)
            single[i].Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public async Task Rent_OfNoPage_Throws_WithTheValue(int pages)
    {
        using PageReservation reservation = _pool.Reserve(1);
        Assert.Equal(pages, Assert.Throws<ArgumentOutOfRangeException>(() => _pool.Rent(pages)).ActualValue);
        Assert.Equal(pages, Assert.Throws<ArgumentOutOfRangeException>(() => _pool.TryRent(pages, out _)).ActualValue);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await _pool.RentAsync(pages, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Rent_OfMoreThanIsReserved_Throws_AndTryRentSaysNo()
    {
        using PageReservation reservation = _pool.Reserve(10);
        InvalidOperationException refused = Assert.Throws<PageShortageException>(() => _pool.Rent(11));
        Assert.Contains("11 pages", refused.Message, StringComparison.Ordinal);
        Assert.Contains("10 are reserved", refused.Message, StringComparison.Ordinal);
        Assert.Throws<PageShortageException>(() => Renter.Of(_pool, 11).Waits);
        Assert.False(_pool.TryRent(11, out PageList none));
        Assert.Equal(default, none);
        Assert.Equal(10, _pool.Counters.Free);
    }

    [Fact]
    public void Renters_AreServedInOrder_AndNobodyOvertakes()
    {
        using PageReservation reservation = _pool.Reserve(10);
        PageList[] held = [_pool.Rent(4), _pool.Rent(4)];
        Renter large = Renter.Of(_pool, 6);
        Renter small = Renter.Of(_pool, 1);

        // Two are free: enough for the small one, and for this.
        Assert.False(_pool.TryRent(1, out _));
        Assert.True(small.Waits);
        held[0].Dispose();
        Assert.True(large.IsServed);
        Assert.True(small.Waits);
        held[1].Dispose();
        Assert.True(small.IsServed);
        Assert.True(_pool.TryRent(3, out PageList rest));
        rest.Dispose();
        large.Take().Dispose();
        small.Take().Dispose();
        Assert.Equal(new PagePoolCounters(16, 10, 0, 0), _pool.Counters);
    }

    [Fact]
    public void BlockedThreads_OfMixedSizes_AreServedInOrder()
    {
        const int threads = 24;
        using PageReservation reservation = _pool.Reserve(8);
        PageList all = _pool.Rent(8);
        int[] sizes = [.. Enumerable.Range(0, threads).Select(static i => 1 + (i * 5 % 8))];
        PageList[] lists = new PageList[threads];
        Thread[] waiters = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            int index = i;
            waiters[i] = new Thread(() => lists[index] = _pool.Rent(sizes[index]));
            waiters[i].Start();
            Await(() => _pool.Counters.Waiting == index + 1);
        }

        Queue<PageList> held = new([all]);
        int free = 0;
        int served = 0;
        while (held.TryDequeue(out PageList list))
        {
            free += list.Count;
            list.Dispose();
            for (; served < threads && sizes[served] <= free; served++)
            {
                waiters[served].Join();
                Assert.Equal(sizes[served], lists[served].Count);
                free -= sizes[served];
                held.Enqueue(lists[served]);
            }

            Assert.Equal(threads - served, _pool.Counters.Waiting);
            Assert.Equal(free, _pool.Counters.Free);
            if (served < threads)
                Assert.False(_pool.TryRent(1, out _));
        }

        Assert.Equal(threads, served);
    }

    [Fact]
    public void CancelledWaiter_LeavesTheQueue_AndThoseBehindMoveUp()
    {
        using PageReservation reservation = _pool.Reserve(10);
        PageList held = _pool.Rent(5);
        using CancellationTokenSource cancelFirst = new();
        using CancellationTokenSource cancelThird = new();
        Renter first = Renter.Cancellable(_pool, 6, cancelFirst.Token);
        Renter second = Renter.Of(_pool, 5);
        Renter third = Renter.Cancellable(_pool, 2, cancelThird.Token);
        Renter fourth = Renter.Of(_pool, 5);

        cancelFirst.Cancel();
        Assert.Equal(cancelFirst.Token, Assert.Throws<OperationCanceledException>(() => first.Take()).CancellationToken);
        Assert.True(second.IsServed);
        cancelThird.Cancel();
        Assert.Throws<OperationCanceledException>(() => third.Take());
        Assert.True(fourth.Waits);
        held.Dispose();
        Assert.True(fourth.IsServed);
        second.Take().Dispose();
        fourth.Take().Dispose();
        Assert.Equal(0, _pool.Counters.Rented);
    }

    [Fact]
    public void CancellationAfterTheGrant_ChangesNothing()
    {
        using PageReservation reservation = _pool.Reserve(1);
        PageList held = _pool.Rent(1);
        using CancellationTokenSource cancel = new();
        Renter waiting = Renter.Cancellable(_pool, 1, cancel.Token);
        held.Dispose();
        cancel.Cancel();
        Assert.True(waiting.IsServed);
        waiting.Take().Dispose();
    }

    [Fact]
    public void CancelledBeforehand_NeitherWaitsNorRents()
    {
        using PageReservation reservation = _pool.Reserve(1);
        Assert.Throws<TaskCanceledException>(() => Renter.Cancellable(_pool, 1, new CancellationToken(canceled: true)).Take());
        Assert.Equal(0, _pool.Counters.Rented);
    }

    [Fact]
    public void InterruptedThread_LeavesTheQueue()
    {
        using PageReservation reservation = _pool.Reserve(1);
        PageList held = _pool.Rent(1);
        Exception? thrown = null;
        PageList after = default;
        Thread thread = new(() =>
        {
            thrown = Record.Exception(() => _pool.Rent(1));
            after = _pool.Rent(1);
        });
        thread.Start();
        Await(() => _pool.Counters.Waiting == 1);
        thread.Interrupt();
        Await(() => thrown is not null && _pool.Counters.Waiting == 1);
        Assert.IsType<ThreadInterruptedException>(thrown);
        held.Dispose();
        thread.Join();
        Assert.Equal(1, after.Count);
        after.Dispose();
    }

    [Fact]
    public void ShrinkBelowWhatWaitersAsk_EndsTheirWaits_AndServesTheRest()
    {
        PageReservation large = _pool.Reserve(10);
        using PageReservation small = _pool.Reserve(5);
        PageList held = _pool.Rent(14);
        Exception? thrown = null;
        Thread blocked = new(() => thrown = Record.Exception(() => _pool.Rent(12)));
        blocked.Start();
        Await(() => _pool.Counters.Waiting == 1);
        Renter modest = Renter.Of(_pool, 5);
        Renter greedy = Renter.Of(_pool, 6);

        large.Dispose();
        blocked.Join();
        Assert.Contains("12 pages", Assert.IsType<PageShortageException>(thrown).Message, StringComparison.Ordinal);
        Assert.Throws<PageShortageException>(() => greedy.Take());
        Assert.True(modest.Waits);
        held.Dispose();
        Assert.True(modest.IsServed);
        modest.Take().Dispose();
    }

    [Fact]
    public void PoolDisposed_EndsEveryWait()
    {
        using PageReservation reservation = _pool.Reserve(1);
        PageList held = _pool.Rent(1);
        Exception? thrown = null;
        Thread blocked = new(() => thrown = Record.Exception(() => _pool.Rent(1)));
        blocked.Start();
        Await(() => _pool.Counters.Waiting == 1);
        Renter waiting = Renter.Of(_pool, 1);
        _pool.Dispose();
        blocked.Join();
        Assert.IsType<ObjectDisposedException>(thrown);
        Assert.Throws<ObjectDisposedException>(() => waiting.Take());
        held.Dispose();
    }

    [Fact]
    public void ContiguousRenter_WaitsForAPieceThatLong()
    {
        using PageReservation reservation = _pool.Reserve(16);
        PageList[] single = [.. Enumerable.Range(0, 16).Select(_ => _pool.Rent(1))];
        for (int i = 0; i < 16; i += 2)
            single[i].Dispose();
        Assert.False(_pool.TryRent(2, contiguous: true, out _));
        Renter pair = new(_pool.RentAsync(2, contiguous: true, TestContext.Current.CancellationToken));
        Assert.True(pair.Waits);
        single[7].Dispose();
        Assert.True(pair.IsServed);
        PageList list = pair.Take();
        Assert.True(list.IsContiguous);
        Assert.Equal(2, list.Count);
    }

    [Fact]
    public void ContiguousRenter_ForMoreThanAnyExtentHas_IsTold()
    {
        using PageReservation first = _pool.Reserve(16);
        using PageReservation second = _pool.Reserve(16);
        InvalidOperationException refused = Assert.Throws<PageShortageException>(() => _pool.Rent(17, contiguous: true));
        Assert.Contains("17 adjacent pages", refused.Message, StringComparison.Ordinal);
        Assert.Contains("16 is the most", refused.Message, StringComparison.Ordinal);
        Assert.Equal(16, _pool.LongestRun);
    }

    [Fact]
    public void SteadyState_AllocatesNothing()
    {
        using PageReservation reservation = _pool.Reserve(64);
        using PageMemoryPool memory = new(_pool);
        byte[] bytes = new byte[20_000];
        Cycle(memory, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            Cycle(memory, bytes);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void WaitingAndBeingServed_AllocatesNothing_OnceAsManyHaveWaited()
    {
        using PageReservation reservation = _pool.Reserve(2);
        WaitOnce();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            WaitOnce();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void WaitOnce()
        {
            PageList held = _pool.Rent(2);
            Renter waiting = Renter.Of(_pool, 1);
            held.Dispose();
            waiting.Take().Dispose();
        }
    }

    [Fact]
    public void ManyThreads_ThatRentReturnReserveAndCancel_NeverShareAPage()
    {
        const int threads = 6;
        using PageReservation floor = _pool.Reserve(12);
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
        {
            Random random = new(thread);
            for (int i = 0; i < 3000; i++)
            {
                int pages = random.Next(1, 13);
                PageList list;
                switch (random.Next(5))
                {
                    case 0:
                        using (_pool.Reserve(random.Next(1, 100)))
                            list = _pool.Rent(pages);
                        break;
                    case 1:
                        if (!_pool.TryRent(pages, out list))
                            continue;
                        break;
                    case 2:
                        using (CancellationTokenSource cancel = new())
                        {
                            Renter waiting = Renter.Cancellable(_pool, pages, cancel.Token);
                            cancel.Cancel();
                            try
                            {
                                list = waiting.WaitAndTake();
                            }
                            catch (OperationCanceledException)
                            {
                                continue;
                            }
                        }

                        break;
                    default:
                        list = _pool.Rent(pages);
                        break;
                }

                byte mark = (byte)(thread + 1);
                foreach (Span<byte> page in list)
                    page.Fill(mark);
                foreach (Span<byte> page in list)
                    Assert.False(page.ContainsAnyExcept(mark));
                list.Dispose();
            }
        });
        Assert.Equal(0, _pool.Counters.Rented);
        Assert.Equal(0, _pool.Counters.Waiting);
        Assert.Equal(12, _pool.Counters.Reserved);
    }

    private void Cycle(PageMemoryPool memory, byte[] bytes)
    {
        PageList list = _pool.Rent(10);
        list.CopyFrom(bytes, 100);
        list.CopyTo(bytes, 100);
        foreach (Span<byte> page in list)
            page[0]++;
        list.BeginUse();
        list.EndUse();
        Assert.True(_pool.TryRent(3, out PageList other));
        other.Dispose();
        Renter.Of(_pool, 4).Take().Dispose();
        list.Dispose();
        using System.Buffers.IMemoryOwner<byte> owner = memory.Rent(5000);
        using System.Buffers.MemoryHandle pin = owner.Memory.Pin();
    }

    private static void Await(Func<bool> condition) =>
        Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(60)), "It never came about.");
}
