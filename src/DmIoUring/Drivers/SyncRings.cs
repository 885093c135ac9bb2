using DmIoUring.Engine;
using DmIoUring.Threading;

namespace DmIoUring.Drivers;

/// <summary>
/// The rings of the threads that make synchronous requests: one a thread, bounded in number, given back when the thread
/// ends.
/// </summary>
internal sealed class SyncRings : IDisposable
{
    private readonly RingSource _source;
    private readonly DmIoOptions _options;
    private readonly CallbackReporter _reporter;
    private readonly UninterruptedLock _lock = new();
    private readonly List<SyncRing> _rings = [];
    private readonly ThreadLocal<Lease?> _leases = new();
    private readonly EngineCounters _closed = new();
    private bool _disposed;

    public SyncRings(RingSource source, DmIoOptions options, CallbackReporter reporter)
    {
        _source = source;
        _options = options;
        _reporter = reporter;
    }

    /// <summary>Rings that threads have now.</summary>
    public int Count
    {
        get
        {
            using (_lock.Enter())
                return _disposed ? 0 : _rings.Count;
        }
    }

    /// <summary>The calling thread's ring, claimed; null when the bound is reached, the host has no more, or all is disposed.</summary>
    public SyncRing? TryEnter()
    {
        try
        {
            // Making the value takes a lock of the framework's, which an interrupt would end.
            Lease? lease = (_leases.IsValueCreated ? _leases.Value : null) ?? TryLease();
            return lease is not null && lease.Ring.TryEnter() ? lease.Ring : null;
        }
        catch (ObjectDisposedException)
        {
            // Disposed under way: the ring that was made for this thread, if any, was closed with the others.
            return null;
        }
    }

    /// <summary>Adds up what the rings did, those that are closed included.</summary>
    public void AddTo(EngineCounters sum)
    {
        using (_lock.Enter())
        {
            sum.Add(_closed);
            foreach (SyncRing ring in _rings)
                sum.Add(ring.Counters);
        }
    }

    /// <summary>Closes every ring; one in use closes when its request has ended.</summary>
    public void Dispose()
    {
        using (_lock.Enter())
        {
            // They stay in the list: one in use goes on counting until its request has ended.
            _disposed = true;
            _rings.ForEach(static ring => ring.Dispose());
        }

        // A thread that lives on would keep its lease, and with it all of this, for as long.
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
                CloseAbandoned();
            if (_disposed || _rings.Count >= _options.SyncRings)
                return null;
            SyncRing ring;
            try
            {
                ring = new SyncRing(_source, _options, _reporter);
            }
            catch (IOException)
            {
                // Out of descriptors or memory for one more: the lane, which has its ring, serves; counted by the client.
                return null;
            }

            _rings.Add(ring);
            return ring;
        }
    }

    private void CloseAbandoned()
    {
        foreach (SyncRing ring in _rings.FindAll(IsAbandoned))
        {
            ring.Dispose();
            _closed.Add(ring.Counters);
            _rings.Remove(ring);
        }
    }

    private static bool IsAbandoned(SyncRing ring) => !ring.Owner.IsAlive;

    private void ThreadEnded()
    {
        using (_lock.Enter())
            CloseAbandoned();
    }

    /// <summary>Held by its thread alone: when the thread is gone so is this, and the ring goes back.</summary>
    private sealed class Lease(SyncRings owner, SyncRing ring)
    {
#pragma warning disable MA0055 // The end of a thread is told by nothing else.
        ~Lease() => owner.ThreadEnded();
#pragma warning restore MA0055

        public SyncRing Ring => ring;
    }
}
