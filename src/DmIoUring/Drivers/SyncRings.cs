using DmIoUring.Engine;
using DmIoUring.Telemetry;
using DmIoUring.Threading;

namespace DmIoUring.Drivers;

/// <summary>
/// The rings for synchronous requests: one for each thread that makes such requests, up to a limit, released when the thread ends.
/// </summary>
internal sealed class SyncRings : IDisposable
{
    private readonly RingSource _source;
    private readonly DmIoOptions _options;
    private readonly CallbackReporter _reporter;
    private readonly DriverTelemetry _telemetry;
    private readonly UninterruptedLock _lock = new();
    private readonly List<SyncRing> _rings = [];
    private readonly ThreadLocal<Lease?> _leases = new();
    private volatile Counted _counted = new([], new EngineCounters());
    private bool _disposed;

    public SyncRings(RingSource source, DmIoOptions options, CallbackReporter reporter, DriverTelemetry? telemetry = null)
    {
        _telemetry = telemetry ?? DriverTelemetry.None;
        _source = source;
        _options = options;
        _reporter = reporter;
    }

    /// <summary>Whether a ring whose thread waits awake may be faster than the system call that it replaces.</summary>
    public bool MayWaitAwake => _source.NeedsNoThread && new AwakeWait(_options).IsPossible;

    /// <summary>Whose devices the rings serve; null for those of the kernel.</summary>
    public object? Home => _source.Home;

    /// <summary>Whether they are rings of io_uring.</summary>
    public bool AreKernelRings => !_source.UsesWorkers;

    /// <summary>How many threads have a ring now.</summary>
    public int Count
    {
        get
        {
            using (_lock.Enter())
                return _disposed ? 0 : _rings.Count;
        }
    }

    /// <summary>Claims the calling thread's ring; null when the limit is reached, the host gives no more rings, or this is disposed.</summary>
    public SyncRing? TryEnter()
    {
        try
        {
            // Creating the value takes a lock of the framework, the wait for which an interrupt would end.
            Lease? lease = (_leases.IsValueCreated ? _leases.Value : null) ?? TryLease();
            return lease is not null && lease.Ring.TryEnter() ? lease.Ring : null;
        }
        catch (ObjectDisposedException)
        {
            // Disposed meanwhile: a ring that was made for this thread was closed with the others.
            return null;
        }
    }

    /// <summary>Adds the counters of all rings, closed ones included. Takes no lock: it may be held while a ring is made.</summary>
    public void AddTo(EngineCounters sum)
    {
        Counted counted = _counted;
        sum.Add(counted.Closed);
        foreach (SyncRing ring in counted.Rings)
            sum.Add(ring.Counters);
    }

    /// <summary>Closes every ring; one in use closes when its request has ended.</summary>
    public void Dispose()
    {
        using (_lock.Enter())
        {
            // They stay in the list, because a ring in use counts until its request has ended.
            _disposed = true;
            _rings.ForEach(static ring => ring.Dispose());
        }

        // Otherwise every thread that is alive would keep its lease, and with it this object.
        UninterruptedWait.Run(_leases, static leases => leases.Dispose());
    }

    private Lease? TryLease()
    {
        SyncRing? ring = TryMake();
        if (ring is null)
            return null;
        Lease lease = new(this, ring);
        UninterruptedWait.Run((_leases, lease), static one => one._leases.Value = one.lease);
        return lease;
    }

    private SyncRing? TryMake()
    {
        using (_lock.Enter())
        {
            if (_rings.Count >= _options.SyncRings)
                CloseOrphaned();
            if (_disposed || _rings.Count >= _options.SyncRings)
                return null;
            SyncRing ring;
            try
            {
                ring = new SyncRing(_source, _options, _reporter, _telemetry);
            }
            catch (IOException)
            {
                // No descriptors or memory for one more ring: the request uses a lane, which the client counts.
                return null;
            }

            _rings.Add(ring);
            _counted = _counted with { Rings = [.. _rings] };
            return ring;
        }
    }

    private void CloseOrphaned()
    {
        List<SyncRing> orphaned = _rings.FindAll(IsOrphaned);
        if (orphaned.Count == 0)
            return;
        EngineCounters closed = new();
        closed.Add(_counted.Closed);
        foreach (SyncRing ring in orphaned)
        {
            ring.Dispose();
            closed.Add(ring.Counters);
            _rings.Remove(ring);
        }

        _counted = new Counted([.. _rings], closed);
    }

    private static bool IsOrphaned(SyncRing ring) => !ring.Owner.IsAlive;

    private void ThreadEnded()
    {
        using (_lock.Enter())
            CloseOrphaned();
    }

    /// <summary>Never changed: a reader sees either a ring or what it has counted, and never both.</summary>
    private sealed record Counted(SyncRing[] Rings, EngineCounters Closed);

    /// <summary>Referenced by its thread only: when the thread has ended it is finalized, which releases the ring.</summary>
    private sealed class Lease(SyncRings owner, SyncRing ring)
    {
#pragma warning disable MA0055 // Nothing else reports the end of a thread.
        ~Lease() => owner.ThreadEnded();
#pragma warning restore MA0055

        public SyncRing Ring => ring;
    }
}
