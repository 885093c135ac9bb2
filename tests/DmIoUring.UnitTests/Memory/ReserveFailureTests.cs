using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Memory;

/// <summary>Every step of growing and shrinking fails once, in every way in: nothing has changed, and the next one works.</summary>
public sealed class ReserveFailureTests : IDisposable
{
    /// <summary>Two extents: one is 1 GiB at most.</summary>
    private const long Large = 1 << 19;

    private readonly CountedExtents _source = new();
    private readonly CountedFollower _follower = new();
    private readonly PagePool _pool;
    private readonly List<long> _allocated = [];
    private ReserveStep? _failing;
    private int _passes;
    private long _before;

    public ReserveFailureTests() => _pool = new PagePool(_source) { Participant = _follower, BeforeStep = Step };

    public void Dispose() => _pool.Dispose();

    /// <summary>Which step fails, and how often it goes well before.</summary>
    public static TheoryData<string, int, bool, bool> Failures
    {
        get
        {
            TheoryData<string, int, bool, bool> all = [];
            foreach (bool isAsync in new[] { false, true })
            {
                foreach (bool isInUse in new[] { false, true })
                {
                    for (ReserveStep step = 0; step <= ReserveStep.Table; step++)
                        all.Add(step.ToString(), 0, isAsync, isInUse);
                    all.Add(nameof(ReserveStep.Map), 1, isAsync, isInUse);
                    all.Add(nameof(ReserveStep.Extent), 1, isAsync, isInUse);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Growing_FailsAtAStep_NothingHasChanged(string step, int passes, bool isAsync, bool isInUse)
    {
        PageReservation before = _pool.Reserve(16);
        PageList rented = isInUse ? _pool.Rent(16) : default;
        Renter waiting = isInUse ? Renter.Of(_pool, 8) : default;
        PagePoolCounters counters = _pool.Counters;
        (int version, int mapped) = (_pool.Version, _source.Mapped);
        _failing = Enum.Parse<ReserveStep>(step);
        _passes = passes;

        await Assert.ThrowsAsync<InsufficientMemoryException>(async () => _ = isAsync
            ? await _pool.ReserveAsync(Large, null, TestContext.Current.CancellationToken)
            : _pool.Reserve(Large));

        Assert.Null(_failing);
        Assert.Equal((counters, version, mapped), (_pool.Counters, _pool.Version, _source.Mapped));
        Assert.Equal((0, 16), (_follower.Prepared, _follower.Reserved));
        Assert.False(_pool.TryRent(17, out _));
        Assert.True(!isInUse || waiting.Waits);
        if (!isInUse)
        {
            // Nothing is promised any more: what is not needed goes back.
            before.Dispose();
            Assert.Equal(0, _source.Mapped);
            before = _pool.Reserve(16);
        }

        PageReservation next = isAsync ? await _pool.ReserveAsync(40, null, TestContext.Current.CancellationToken) : _pool.Reserve(40);
        Assert.Equal((0, 56), (_follower.Prepared, _follower.Reserved));
        if (isInUse)
            WriteTo(waiting.Take());
        rented.Dispose();
        WriteTo(_pool.Rent(56));
        next.Dispose();
        before.Dispose();
        Assert.Equal((default, 0, 0), (_pool.Counters, _source.Mapped, _follower.Reserved));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Growing_WithoutRequests_NothingHasChanged(bool isAsync)
    {
        _follower.Fails = true;
        await Assert.ThrowsAsync<InvalidOperationException>(async () => _ = isAsync
            ? await _pool.ReserveAsync(10, 5, TestContext.Current.CancellationToken)
            : _pool.Reserve(10, 5));
        Assert.Equal((default, 0, 0), (_pool.Counters, _source.Mapped, _follower.Prepared));

        _follower.Fails = false;
        using PageReservation next = _pool.Reserve(10, 5);
        Assert.Equal((10, 5), (next.Pages, next.Requests));
    }

    /// <summary>The change itself allocates nothing, with those that it serves: so it can't fail half way.</summary>
    [Fact]
    public async Task Commit_AllocatesNothing()
    {
        using PageReservation first = _pool.Reserve(4);
        PageList all = _pool.Rent(4);
        Renter[] waiting = [.. Enumerable.Range(0, 3).Select(_ => Renter.Of(_pool, 4))];
        Task<PageList> blocked = Task.Run(() => _pool.Rent(4));
        Assert.True(SpinWait.SpinUntil(() => _pool.Counters.Waiting == 4, Notification.Limit));
        using PageReservation second = _pool.Reserve(Large);
        using PageReservation third = _pool.Reserve(8);
        Array.ForEach(waiting, static renter => renter.Take().Dispose());
        (await blocked).Dispose();
        all.Dispose();
        Assert.Equal([0, 0, 0], _allocated);
    }

    [Theory]
    [InlineData("reservation")]
    [InlineData("page")]
    [InlineData("pool")]
    public void Shrinking_WithoutMemoryForATable_GivesTheMemoryBackLater(string what)
    {
        PageReservation keep = _pool.Reserve(16);
        PageReservation reservation = _pool.Reserve(1024);

        // Keeps the small extent in use: it would be what is too many otherwise.
        bool isPage = string.Equals(what, "page", StringComparison.Ordinal);
        PageList held = isPage ? _pool.Rent(1) : default;
        PageList list = _pool.Rent(1024);
        int version = _pool.Version;
        if (isPage)
        {
            reservation.Dispose();
            _failing = ReserveStep.Table;
            list.Dispose();
        }
        else
        {
            list.Dispose();
            _failing = ReserveStep.Table;
            if (string.Equals(what, "pool", StringComparison.Ordinal))
                _pool.Dispose();
            else
                reservation.Dispose();
        }

        Assert.Null(_failing);
        Assert.Equal((2, version, 0), (_source.Mapped, _pool.Version, _follower.Released));
        if (string.Equals(what, "pool", StringComparison.Ordinal))
        {
            Assert.Throws<ObjectDisposedException>(() => _pool.Rent(1));
            _pool.Dispose();
        }
        else
        {
            Assert.Equal(new PagePoolCounters(1040, 16, held.Count, 0), _pool.Counters);
            held.Dispose();
            WriteTo(_pool.Rent(16));
            Assert.Equal(1, _source.Mapped);
            Assert.Equal(1, _follower.Released);
            keep.Dispose();
        }

        Assert.Equal(0, _source.Mapped);
    }

    [Fact]
    public void RenterWhoseSchedulerThrows_KeepsNobodyElseFromItsPages()
    {
        using PageReservation reservation = _pool.Reserve(4);
        PageList all = _pool.Rent(4);
#pragma warning disable CA2012 // The await, spelled out: its continuation must be refused.
        ValueTask<PageList> first = _pool.RentAsync(1, CancellationToken.None);
        Renter second = Renter.Of(_pool, 3);
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new Refusing());
        first.GetAwaiter().OnCompleted(static () => { });
        SynchronizationContext.SetSynchronizationContext(before);

        all.Dispose();

        second.Take().Dispose();
        first.GetAwaiter().GetResult().Dispose();
#pragma warning restore CA2012
        Assert.Equal(0, _pool.Counters.Rented);
    }

    private static void WriteTo(PageList list)
    {
        foreach (Span<byte> page in list)
            page.Fill(1);
        list.Dispose();
    }

    private void Step(ReserveStep step)
    {
        if (step == ReserveStep.Commit)
            _before = GC.GetAllocatedBytesForCurrentThread();
        else if (step == ReserveStep.Committed)
            _allocated.Add(GC.GetAllocatedBytesForCurrentThread() - _before);
        if (step != _failing || _passes-- > 0)
            return;
        _failing = null;
#pragma warning disable MA0012 // What the host's own memory throws.
        throw new InsufficientMemoryException(step.ToString());
#pragma warning restore MA0012
    }

    private sealed class Refusing : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => throw new InvalidOperationException("This context is gone.");
    }
}
