using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Memory;

public sealed class PagePoolReserveTests : IDisposable
{
    private readonly CountedExtents _source = new();
    private readonly PagePool _pool;

    public PagePoolReserveTests() => _pool = new PagePool(_source);

    public void Dispose()
    {
        _pool.Dispose();
        Assert.Equal(0, _source.Mapped);
    }

    [Fact]
    public void Reserve_AddsUp_AndDisposeTakesBack()
    {
        PageReservation first = _pool.Reserve(100);
        PageReservation second = _pool.Reserve(1024);
        Assert.Equal(new PagePoolCounters(1124, 1124, 0, 0), _pool.Counters);
        Assert.Equal(100, first.Pages);
        Assert.Equal(100 * 4096, first.Length);

        first.Dispose();
        Assert.Equal(new PagePoolCounters(1024, 1024, 0, 0), _pool.Counters);
        second.Dispose();
        Assert.Equal(default, _pool.Counters);
        Assert.Equal(0, _source.MappedBytes);
    }

    [Fact]
    public void Dispose_OfAReservation_Twice_TakesBackOnce()
    {
        using PageReservation other = _pool.Reserve(10);
        PageReservation reservation = _pool.Reserve(20);
        reservation.Dispose();
        reservation.Dispose();
        Assert.Equal(10, _pool.Counters.Reserved);
    }

    [Theory]
    [InlineData(1, 16)]
    [InlineData(100, 100)]
    [InlineData(1024, 1024)]
    [InlineData(1025, 1025)]
    [InlineData(10_000, 10_240)]
    public void FirstReserve_MapsWhatIsAskedFor_InWholeHugePages(long pages, long mapped)
    {
        using PageReservation reservation = _pool.Reserve(pages);
        Assert.Equal(mapped * 4096, _source.MappedBytes);
        Assert.Equal(1, _source.Mapped);
    }

    [Fact]
    public void Reserve_OfWhatIsMappedAlready_MapsNothing()
    {
        using PageReservation first = _pool.Reserve(1);
        using PageReservation second = _pool.Reserve(15);
        Assert.Equal(1, _source.Mapped);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData((1L << 28) + 1)]
    [InlineData(long.MaxValue)]
    public async Task Reserve_OfWhatNoPoolCanHave_Throws_WithTheValue(long pages)
    {
        Assert.Equal(pages, Assert.Throws<ArgumentOutOfRangeException>(() => _pool.Reserve(pages)).ActualValue);
        ArgumentOutOfRangeException refused = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await _pool.ReserveAsync(pages, null, TestContext.Current.CancellationToken));
        Assert.Equal(pages, refused.ActualValue);
        Assert.Equal(default, _pool.Counters);
    }

    [Fact]
    public void Reserve_WithoutMemory_ChangesNothing_AndTheNextOneWorks()
    {
        using PageReservation before = _pool.Reserve(10);
        PagePoolCounters counters = _pool.Counters;
        int version = _pool.Version;
        _source.Available = 99 * 4096;
        Assert.Throws<InsufficientMemoryException>(() => _pool.Reserve(1000));
        Assert.Equal(counters, _pool.Counters);
        Assert.Equal(version, _pool.Version);
        using PageReservation after = _pool.Reserve(20);
        Assert.Equal(30, _pool.Counters.Reserved);
    }

    [Fact]
    public void Reserve_WhoseSecondExtentFails_UnmapsTheFirst()
    {
        // Two extents: one is 1 GiB at most.
        _source.Grants = 1;
        Assert.Throws<InsufficientMemoryException>(() => _pool.Reserve(1 << 19));
        Assert.Equal(0, _source.Mapped);
        Assert.Equal(default, _pool.Counters);
    }

    /// <summary>The figure of docs/regions-and-buffers.md: what the pool keeps for each page beside it.</summary>
    [Fact]
    public void Page_Takes16ManagedBytes_BesideItsOwn()
    {
        const int pages = 1 << 17;
        long before = GC.GetAllocatedBytesForCurrentThread();
        using PageReservation reservation = _pool.Reserve(pages);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / (double)pages, 16, 16.5);
    }

    [Fact]
    public void ShrinkUnderRentedPages_WaitsForThem()
    {
        PageReservation reservation = _pool.Reserve(100);
        PageList list = _pool.Rent(60);
        reservation.Dispose();
        Assert.Equal(new PagePoolCounters(100, 0, 60, 0), _pool.Counters);
        Assert.Equal(0, _pool.Counters.Free);
        list[59].Fill(7);

        list.Dispose();
        Assert.Equal(default, _pool.Counters);
        Assert.Equal(0, _source.Mapped);
    }

    [Fact]
    public void Extent_GoesBack_OnceItIsFree_ThoughOthersAreRented()
    {
        PageReservation small = _pool.Reserve(16);
        PageReservation large = _pool.Reserve(1000);
        PageList first = _pool.Rent(16);
        PageList second = _pool.Rent(1000);
        large.Dispose();
        Assert.Equal(2, _source.Mapped);

        second.Dispose();
        Assert.Equal(16, _pool.Counters.Capacity);
        Assert.Equal(1, _source.Mapped);
        first.Dispose();
        small.Dispose();
    }

    [Fact]
    public void Reserve_WhileRentersWait_ServesThem()
    {
        using PageReservation first = _pool.Reserve(4);
        PageList list = _pool.Rent(4);
        Renter waiting = Renter.Of(_pool, 3);
        Assert.True(waiting.Waits);
        using PageReservation second = _pool.Reserve(3);
        Assert.True(waiting.IsServed);
        waiting.Take().Dispose();
        list.Dispose();
    }

    [Fact]
    public void GrowthOfManySteps_StaysWithinTheTable()
    {
        List<PageReservation> reservations = [];
        for (int i = 0; i < 20_000; i++)
            reservations.Add(_pool.Reserve(1));
        Assert.InRange(_source.Mapped, 1, 80);
        Assert.InRange(_pool.Counters.Capacity, 20_000, 22_500 + 512);
        reservations.ForEach(static reservation => reservation.Dispose());
        Assert.Equal(0, _source.Mapped);
    }

    [Fact]
    public async Task ReserveAsync_MapsOnAnotherThread()
    {
        // It maps only when let go, and it is let go by the caller after the call has returned.
        using SemaphoreSlim goOn = new(0);
        _source.WhileMapping = _ => goOn.Wait(CancellationToken.None);
        ValueTask<PageReservation> growing = _pool.ReserveAsync(10, null, TestContext.Current.CancellationToken);
        Assert.Equal(default, _pool.Counters);
        goOn.Release();
        using PageReservation reservation = await growing;
        Assert.Equal(10, _pool.Counters.Reserved);
    }

    [Fact]
    public async Task ReserveAsync_CancelledWhileMapping_ChangesNothing()
    {
        using CancellationTokenSource cancel = new();
        _source.WhileMapping = _ => cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _pool.ReserveAsync(10, null, cancel.Token));
        Assert.Equal(default, _pool.Counters);
        Assert.Equal(0, _source.Mapped);

        _source.WhileMapping = null;
        using PageReservation next = _pool.Reserve(1);
    }

    [Fact]
    public async Task ReserveAsync_CancelledBehindAnotherGrowth_LeavesTheQueue()
    {
        using SemaphoreSlim mapping = new(0);
        using SemaphoreSlim goOn = new(0);
        _source.WhileMapping = _ =>
        {
            mapping.Release();
            goOn.Wait(CancellationToken.None);
        };
        Task<PageReservation> first = _pool.ReserveAsync(10, null, TestContext.Current.CancellationToken).AsTask();
        await mapping.WaitAsync(TestContext.Current.CancellationToken);
        using CancellationTokenSource cancel = new();
        Task<PageReservation> second = _pool.ReserveAsync(100, null, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);

        goOn.Release();
        using PageReservation reservation = await first;
        Assert.Equal(10, _pool.Counters.Reserved);
    }

    [Fact]
    public async Task PoolDisposedDuringGrowth_RefusesTheReservation_AndKeepsNothing()
    {
        _source.WhileMapping = _ => _pool.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await _pool.ReserveAsync(10, null, TestContext.Current.CancellationToken));
        Assert.Equal(0, _source.Mapped);
    }

    [Fact]
    public void RenterReturns_WhileAnotherGrows_NothingPromisedIsReleased()
    {
        PageReservation first = _pool.Reserve(100);
        PageList list = _pool.Rent(100);
        _source.WhileMapping = _ =>
        {
            first.Dispose();
            list.Dispose();
        };

        // The growth counts on the first hundred pages, which become free and unreserved in its midst.
        using PageReservation second = _pool.Reserve(150);
        Assert.Equal(150, _pool.Counters.Reserved);
        Assert.InRange(_pool.Counters.Capacity, 150, 350);
        using PageList all = _pool.Rent(150);
        Assert.Equal(150, all.Count);
    }

    [Fact]
    public void AfterDispose_RequestsAreRefused_ReservationsDisposable()
    {
        PageReservation reservation = _pool.Reserve(10);
        _pool.Dispose();
        _pool.Dispose();
        reservation.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _pool.Reserve(1));
        Assert.Throws<ObjectDisposedException>(() => _pool.Rent(1));
        Assert.Throws<ObjectDisposedException>(() => _pool.TryRent(1, out _));
        Assert.Equal(0, _source.Mapped);
    }
}
