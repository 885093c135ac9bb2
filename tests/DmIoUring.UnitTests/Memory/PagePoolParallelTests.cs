using System.Collections.Concurrent;
using System.Globalization;
using CsCheck;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Memory;

/// <summary>Calls of many threads at once: what they answer, and what is there afterwards, must be that of the same calls one after the other in some order.</summary>
public sealed class PagePoolParallelTests
{
    private const int SequentialCalls = 3;
    private const int ParallelCalls = 5;
    private const int Calls = SequentialCalls + ParallelCalls;

    [Fact]
    public void RentersAndReservations_AtOnce_AreAsIfOneAfterTheOther()
    {
        ConcurrentQueue<State> all = new();
        Gen.Const(() =>
        {
            State made = new();
            all.Enqueue(made);
            return made;
        }).SampleParallel(
            [
                Gen.Int[1, 12].Operation<State>(static pages => Named("TryRent", pages), static (state, pages) => state.TryRent(pages)),
                Gen.Int[1, 12].Operation<State>(static pages => Named("RentAsync", pages), static (state, pages) => state.RentAsync(pages)),
                Gen.Operation<State>("Return", static state => state.Return()),
                Gen.Int[1, 6].Operation<State>(static pages => Named("Reserve", pages), static (state, pages) => state.Reserve(pages)),
                Gen.Operation<State>("Unreserve", static state => state.Unreserve()),
            ],
            equal: static (left, right) => string.Equals(left.ToString(), right.ToString(), StringComparison.Ordinal),
            print: static state => state.ToString(),
            maxSequentialOperations: SequentialCalls,
            maxParallelOperations: ParallelCalls,
            iter: 200);
        foreach (State state in all)
            state.Dispose();
    }

    private static string Named(string call, int pages) => string.Create(CultureInfo.InvariantCulture, $"{call}({pages})");

    /// <summary>
    /// A pool of 16 pages in as many reservations as there are calls, 8 of them rented, each by itself. Only these are given back: what a call does must not
    /// depend on what another has got out of the pool and not put down yet.
    /// </summary>
    private sealed class State : IDisposable
    {
        private readonly CountedExtents _source = new();
        private readonly PagePool _pool;
        private readonly ConcurrentQueue<PageList> _toReturn = new();
        private readonly ConcurrentQueue<PageReservation> _toUnreserve = new();
        private readonly ConcurrentQueue<PageList> _rented = new();
        private readonly ConcurrentQueue<(int Pages, Renter Renter)> _renters = new();
        private readonly ConcurrentQueue<string> _answers = new();

        public State()
        {
            _pool = new PagePool(_source);
            for (int i = 0; i < Calls; i++)
                _toUnreserve.Enqueue(_pool.Reserve(2));
            for (int i = 0; i < Calls; i++)
                _toReturn.Enqueue(_pool.Rent(1));
        }

        public void TryRent(int pages)
        {
            bool isRented = _pool.TryRent(pages, out PageList list);
            _answers.Enqueue(Named("try", pages) + isRented);
            if (isRented)
                _rented.Enqueue(list);
        }

        public void RentAsync(int pages)
        {
            try
            {
                _renters.Enqueue((pages, Renter.Of(_pool, pages)));
            }
            catch (InvalidOperationException)
            {
                _answers.Enqueue(Named("refused", pages));
            }
        }

        public void Return()
        {
            Assert.True(_toReturn.TryDequeue(out PageList list));
            list.Dispose();
        }

        public void Reserve(int pages) => _ = _pool.Reserve(pages);

        public void Unreserve()
        {
            Assert.True(_toUnreserve.TryDequeue(out PageReservation? reservation));
            reservation.Dispose();
        }

        /// <summary>With everything given back nothing is rented or mapped.</summary>
        public void Dispose()
        {
            _pool.Dispose();
            foreach (PageList list in _toReturn.Concat(_rented).Concat(_renters.Where(static one => one.Renter.IsServed).Select(static one => one.Renter.Take())))
                list.Dispose();
            Assert.Equal((0, 0), (_pool.Counters.Rented, _source.Mapped));
        }

        public override string ToString()
        {
            PagePoolCounters counters = _pool.Counters;
            IEnumerable<string> renters = _renters.Select(static one => Named(one.Renter.Waits ? "waits" : one.Renter.IsServed ? "served" : "ended", one.Pages));
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{counters.Reserved} reserved, {counters.Rented} rented, {counters.Waiting} wait; {string.Join(", ", _answers.Concat(renters).Order(StringComparer.Ordinal))}; enough: {counters.Capacity >= Math.Max(counters.Reserved, counters.Rented)}");
        }
    }
}
