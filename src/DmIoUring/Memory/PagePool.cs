using System.Diagnostics;
using DmIoUring.Telemetry;
using DmIoUring.Threading;

namespace DmIoUring.Memory;

/// <summary>
/// Pages for I/O: native memory that is populated, locked and on huge pages where the host allows, reserved ahead so that
/// renting never allocates. dm-io's page pool. Any thread may call any member.
/// </summary>
/// <remarks>
/// <para>One lock guards the pool's state and is held for the time of a bitmap search, never across a system call. Using
/// rented pages takes no lock: a list's links are in the states of its own pages, which belong to the renter.</para>
/// <para>A page number has its extent's slot above <see cref="PageBits"/> and its index in the extent below.</para>
/// </remarks>
internal sealed unsafe partial class PagePool : IDisposable
{
    /// <summary>Bytes in a page, whatever the host's page size is.</summary>
    public const int PageSize = 4096;

    /// <summary>The most extents at a time: each is one registered buffer of a ring.</summary>
    public const int MaxExtents = 1024;

    public const int NoPage = -1;

    private const int PageBits = 18;
    private const int PageMask = (1 << PageBits) - 1;

    private readonly UninterruptedLock _lock = new();
    private readonly IExtentSource _source;
    private readonly Extent?[] _slots = new Extent?[MaxExtents];

    /// <summary>The generation of each slot; 0 where it was never filled.</summary>
    private readonly uint[] _generations = new uint[MaxExtents];

    /// <summary>
    /// Oldest first: renting prefers old extents, so that younger ones become free and are released. It has the capacity for all extents, so that
    /// adding one never fails.
    /// </summary>
    private readonly List<Extent> _extents = new(MaxExtents);

    private ExtentTable _table = new(0, []);
    private PageWaiterQueue _waiters;
    private AsyncPageWaiter? _freeWaiter;
    private long _capacity;
    private long _reserved;
    private long _rented;
    private long _rentals;
    private ExtentRegistry? _registry;
    private bool _disposed;

    public PagePool(IExtentSource? source = null) => _source = source ?? new HostExtentSource();

    public PagePoolCounters Counters
    {
        get
        {
            using (_lock.Enter())
                return new PagePoolCounters(_capacity, _reserved, _rented, _waiters.Count);
        }
    }

    /// <summary>The same without the lock, which a lane may wait for: each figure by itself is right.</summary>
    public PagePoolCounters SeenCounters => new(Volatile.Read(ref _capacity), Volatile.Read(ref _reserved), Volatile.Read(ref _rented), _waiters.Count);

    /// <summary>Where it tells of waits.</summary>
    public DriverTelemetry Telemetry { get; init; } = DriverTelemetry.None;

    /// <summary>The features that the host gave to the pool's memory and those that it refused, with the reason. Empty while nothing is mapped.</summary>
    public IReadOnlyList<IoFeature> Features
    {
        get
        {
            MappedExtent[] extents;
            using (_lock.Enter())
                extents = [.. _extents.Select(static extent => extent.Mapping)];
            return _source.Describe(extents);
        }
    }

    /// <summary>The mappings to register with rings. Any thread, no lock.</summary>
    public ExtentTable Extents => Volatile.Read(ref _table);

    /// <summary>Changes with every change of <see cref="Extents"/>.</summary>
    public int Version => Extents.Version;

    /// <summary>Where the extents are registered once for all rings; null where each ring registers them itself. Any thread, no lock.</summary>
    public ExtentRegistry? Registry => Volatile.Read(ref _registry);

    /// <summary>The most adjacent pages that a renter can have at present.</summary>
    public int LongestRun
    {
        get
        {
            using (_lock.Enter())
                return LongestRunLocked;
        }
    }

    private int LongestRunLocked
    {
        get
        {
            int most = 0;
            foreach (Extent extent in _extents)
                most = Math.Max(most, extent.Pages);
            return (int)Math.Min(most, _reserved);
        }
    }

    /// <summary>The extent that holds an address: see <see cref="ExtentTable.TryFind"/>.</summary>
    public bool TryFindExtent(byte* address, out int slot, out uint generation) => Extents.TryFind(address, out slot, out generation);

    /// <summary>Has rings clone the pool's registrations from a table, unless they have one already or the pool is disposed. Any thread.</summary>
    public void ShareRegistrations(IBufferTable table)
    {
        using (_lock.Enter())
        {
            if (_registry is null && !_disposed)
                Volatile.Write(ref _registry, new ExtentRegistry(this, table));
        }
    }

    /// <summary>
    /// Gives the table another version, so that every ring looks at the registrations again. Without memory for it they do that with the next change.
    /// </summary>
    public void RenewVersion()
    {
        using (_lock.Enter())
        {
            try
            {
                Volatile.Write(ref _table, new ExtentTable(_table.Version + 1, SlotsNow(_table.Count)));
            }
            catch (OutOfMemoryException)
            {
                // The pages stay usable unregistered.
            }
        }
    }

    /// <summary>Makes idle engines look at the pool again: those of the pool's own lanes; a reactor looks when it polls. Any thread.</summary>
    public void WakeRings() => Participant?.WakeRings();

    /// <summary>Throws if the pool was disposed.</summary>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public void CheckNotDisposed()
    {
        using (_lock.Enter())
            ThrowIfDisposed();
    }

    /// <summary>
    /// Ends every wait and frees all memory that is not rented. Extents with rented pages, in flight or not, stay mapped
    /// until the last of their pages is returned: the kernel may be writing to them. Does not wait.
    /// </summary>
    public void Dispose()
    {
        PageWaiterQueue ended = default;
        Extent? released;
        using (_lock.Enter())
        {
            _disposed = true;
            _reserved = 0;
            while (_waiters.First is { } waiter)
                EndWait(waiter, WaitOutcome.Disposed, default, 0, ref ended);
            released = ReleaseSurplus();
        }

        Registry?.Dispose();
        Finish(ended, released);
    }

    /// <summary>
    /// Removes entirely free extents that no reservation needs from the pool, youngest first. Without memory for the new
    /// table it removes none: they are released when another extent becomes free.
    /// </summary>
    /// <returns>The removed extents, linked, which must be unmapped without the lock.</returns>
    private Extent? ReleaseSurplus()
    {
        Extent? released = null;
        long capacity = _capacity;
        for (int i = _extents.Count - 1; i >= 0; i--)
        {
            Extent extent = _extents[i];
            if (!extent.IsEntirelyFree || capacity - extent.Pages < _reserved + _promised)
                continue;
            capacity -= extent.Pages;
            extent.NextReleased = released;
            released = extent;
        }

        if (released is null || TableWithout(released) is not { } table)
            return null;
        for (Extent? extent = released; extent is not null; extent = extent.NextReleased)
        {
            _extents.Remove(extent);
            _slots[extent.Slot] = null;
            _generations[extent.Slot]++;
        }

        _capacity = capacity;
        Volatile.Write(ref _table, table);
        return released;
    }

    /// <summary>A table with more extents, to which it assigns slots.</summary>
    private ExtentTable TableWith(Extent[] added)
    {
        BeforeStep?.Invoke(ReserveStep.Table);
        int slot = 0;
        foreach (Extent extent in added)
        {
            while (_slots[slot] is not null || _isForeign[slot])
                slot++;
            extent.AssignSlot(slot, _generations[slot] + 1);
            slot++;
        }

        ExtentSlot[] slots = SlotsNow(Math.Max(_table.Count, slot));
        foreach (Extent extent in added)
            slots[extent.Slot] = Filled(extent);
        return new ExtentTable(_table.Version + 1, slots);
    }

    /// <summary>A table without some extents; null when there is no memory for it.</summary>
    private ExtentTable? TableWithout(Extent removed)
    {
        try
        {
            BeforeStep?.Invoke(ReserveStep.Table);
            ExtentSlot[] slots = SlotsNow(_table.Count);
            for (Extent? extent = removed; extent is not null; extent = extent.NextReleased)
                slots[extent.Slot] = new ExtentSlot(null, 0, extent.Generation + 1);
            return new ExtentTable(_table.Version + 1, slots);
        }
        catch (OutOfMemoryException)
        {
            return null;
        }
    }

    private ExtentSlot[] SlotsNow(int count)
    {
        ExtentSlot[] slots = new ExtentSlot[count];
        for (int i = 0; i < _table.Count; i++)
            slots[i] = _table[i];
        return slots;
    }

    private static ExtentSlot Filled(Extent extent) => new(extent.Start, (long)extent.Pages * PageSize, extent.Generation);

    /// <summary>Does what must not be done under the lock: wakes renters and unmaps extents. Never throws.</summary>
    private void Finish(PageWaiterQueue ended, Extent? released)
    {
        while (ended.First is { } waiter)
        {
            ended.Remove(waiter);

            // Read before it is signalled: it may be reused then.
            long since = waiter.Since;
            bool isGranted = waiter.Outcome == WaitOutcome.Granted;
            Signal(waiter);
            if (isGranted)
                Telemetry.ReserveWaited("pages", since);
        }

        if (released is null)
            return;
        for (; released is not null; released = released.NextReleased)
            _source.Unmap(released.Mapping);
        Participant?.WakeRings();
    }

    /// <summary>Wakes a renter. An exception of its scheduler must reach neither the thread that returns pages nor the next renter.</summary>
    private static void Signal(PageWaiter waiter)
    {
        try
        {
            waiter.Signal();
        }
#pragma warning disable CA1031 // A SynchronizationContext of the renter's may throw anything.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Trace.TraceError("DmIoUring: a renter of pages that awaits could not be continued: {0}", exception);
        }
    }
}

/// <summary>The pool's counters at one instant, in pages.</summary>
/// <param name="Capacity">What is mapped: at least what is reserved.</param>
/// <param name="Reserved">The sum of the reservations.</param>
/// <param name="Rented">What is rented; it may be more than is reserved, after a reservation ended.</param>
/// <param name="Waiting">Renters in the queue (not pages).</param>
internal readonly record struct PagePoolCounters(long Capacity, long Reserved, long Rented, int Waiting)
{
    /// <summary>What can be rented now.</summary>
    public long Free => Math.Max(0, Reserved - Rented);
}
