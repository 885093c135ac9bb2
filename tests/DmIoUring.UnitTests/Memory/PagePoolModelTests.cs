using System.Runtime.InteropServices;
using CsCheck;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Memory;

/// <summary>Random calls against a model that knows only numbers: what is reserved, what is out, who waits.</summary>
public sealed class PagePoolModelTests
{
    [Fact]
    public void AnyCalls_KeepTheCounts_TheOrder_AndEveryPageWithOneRenter() => Gen.Int.Sample(Go, iter: 300, threads: 1);

    private static void Go(int seed)
    {
        using Run run = new(seed);
        run.Go();
    }

    private sealed class Run : IDisposable
    {
        private readonly Random _random;
        private readonly CountedExtents _source;
        private readonly PagePool _pool;
        private readonly List<PageReservation> _reservations = [];
        private readonly Dictionary<PageList, long> _rented = [];
        private readonly List<Waiter> _queue = [];
        private long _reserved;
        private long _stamp;

        public Run(int seed)
        {
            _random = new Random(seed);
            _source = new CountedExtents();
            _pool = new PagePool(_source);
        }

        private long Out => _rented.Keys.Sum(static list => (long)list.Count);

        public void Go()
        {
            for (int i = 0; i < 200; i++)
            {
                Step();
                Check();
            }

            while (_reservations.Count > 0)
                Unreserve();
            while (_rented.Count > 0)
                Return();
            Check();
            Assert.Empty(_queue);
            Assert.Equal(0, _source.Mapped);
        }

        public void Dispose() => _pool.Dispose();

        private void Step()
        {
            switch (_random.Next(10))
            {
                case 0 when _reservations.Count < 6:
                    int pages = _random.Next(4) == 0 ? _random.Next(1, 2000) : _random.Next(1, 40);
                    _reservations.Add(_pool.Reserve(pages));
                    _reserved += pages;
                    Serve();
                    break;
                case 1 when _reservations.Count > 0:
                    Unreserve();
                    break;
                case 2 when _queue.Count > 0:
                    Waiter leaver = _queue[_random.Next(_queue.Count)];
                    _queue.Remove(leaver);
                    leaver.Cancel.Cancel();
                    Assert.Throws<OperationCanceledException>(() => leaver.Renter.Take());
                    Serve();
                    break;
                case 3 or 4:
                    TryRent(_random.Next(1, 30));
                    break;
                case 5 or 6:
                    RentAsync(_random.Next(1, 30));
                    break;
                default:
                    Return();
                    break;
            }
        }

        private void Unreserve()
        {
            PageReservation reservation = _reservations[_random.Next(_reservations.Count)];
            _reservations.Remove(reservation);
            _reserved -= reservation.Pages;
            reservation.Dispose();
            foreach (Waiter waiter in _queue.FindAll(waiter => waiter.Pages > _reserved))
            {
                Assert.Throws<PageShortageException>(() => waiter.Renter.Take());
                _queue.Remove(waiter);
            }

            Serve();
        }

        private void TryRent(int pages)
        {
            bool contiguous = _random.Next(2) == 0;
            bool expected = _queue.Count == 0 && pages <= _reserved - Out;
            bool rented = _pool.TryRent(pages, contiguous, out PageList list);
            if (!contiguous || !expected)
                Assert.Equal(expected, rented);
            if (!rented)
                return;
            Assert.True(!contiguous || list.IsContiguous);
            Take(list, pages);
        }

        private void RentAsync(int pages)
        {
            Waiter waiter = new(pages);
            if (pages > _reserved)
            {
                Assert.Throws<PageShortageException>(() => Renter.Cancellable(_pool, pages, waiter.Cancel.Token).Waits);
                return;
            }

            waiter.Renter = Renter.Cancellable(_pool, pages, waiter.Cancel.Token);
            _queue.Add(waiter);
            Serve();
        }

        private void Return()
        {
            if (_rented.Count == 0)
                return;
            (PageList list, long stamp) = _rented.ElementAt(_random.Next(_rented.Count));
            foreach (Span<byte> page in list)
                Assert.Equal(stamp, MemoryMarshal.Read<long>(page));
            list.Dispose();
            Assert.Throws<InvalidOperationException>(list.Dispose);
            _rented.Remove(list);
            Serve();
        }

        /// <summary>What the pool must have done by itself.</summary>
        private void Serve()
        {
            while (_queue is [Waiter first, ..] && first.Pages <= _reserved - Out)
            {
                Assert.True(first.Renter.IsServed);
                _queue.RemoveAt(0);
                Take(first.Renter.Take(), first.Pages);
            }
        }

        private void Take(PageList list, int pages)
        {
            Assert.Equal(pages, list.Count);
            _stamp++;
            foreach (Span<byte> page in list)
                MemoryMarshal.Write(page, _stamp);
            _rented.Add(list, _stamp);
        }

        private void Check()
        {
            PagePoolCounters counters = _pool.Counters;
            Assert.Equal(_reserved, counters.Reserved);
            Assert.Equal(Out, counters.Rented);
            Assert.Equal(_queue.Count, counters.Waiting);
            Assert.Equal(Math.Max(0, _reserved - Out), counters.Free);
            Assert.InRange(counters.Capacity, Math.Max(_reserved, Out), long.MaxValue);
            Assert.Equal(counters.Capacity * 4096, _source.MappedBytes);
            Assert.All(_queue, static waiter => Assert.True(waiter.Renter.Waits));
        }

        private sealed class Waiter(int pages)
        {
            public int Pages => pages;

            public CancellationTokenSource Cancel { get; } = new();

            public Renter Renter { get; set; }
        }
    }
}
