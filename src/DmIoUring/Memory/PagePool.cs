using System.Diagnostics;
using DmIoUring.Threading;

namespace DmIoUring.Memory;

/// <summary>
/// Pages for I/O: native memory that is present, locked and on huge pages where the host allows, reserved ahead so that
/// renting never allocates. dm-io's page pool. Any thread may call anything.
/// </summary>
/// <remarks>
/// <para>One lock guards the bookkeeping and is held for the time of a bitmap search, never across a system call. Using
/// rented pages takes no lock: what a list needs to be walked is in the states of its own pages, and those
/// change hands with the list.</para>
/// <para>A page is named by a number: its extent's slot above <see cref="PageBits"/>, its place in the extent below.</para>
/// </remarks>
internal sealed unsafe partial class PagePool : IDisposable
{
    /// <summary>Bytes in a page, whatever the host's page size is.</summary>
    public const int PageSize = 4096;

    /// <summary>The most extents at a time: buffers that a ring has to register.</summary>
    public const int MaxExtents = 1024;

    public const int NoPage = -1;

    private const int PageBits = 18;
    private const int PageMask = (1 << PageBits) - 1;

    private readonly UninterruptedLock _lock = new();
    private readonly IExtentSource _source;
    private readonly Extent?[] _slots = new Extent?[MaxExtents];

    /// <summary>By slot; 0 where none was ever filled.</summary>
    private readonly uint[] _generations = new uint[MaxExtents];

    /// <summary>
    /// The oldest first: renting prefers the old ones, so that the young ones become free and go back. With room for all there can be:
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

    /// <summary>What the host gave to the pool's memory and what it refused, with the reason. Empty while nothing is mapped.</summary>
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

        Finish(ended, released);
    }

    /// <summary>
    /// Takes entirely free extents out of the pool, the youngest first, as far as nothing reserved needs them. Without memory for the new
    /// table none: they go when the next becomes free.
    /// </summary>
    /// <returns>What is to be unmapped without the lock, linked.</returns>
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

    /// <summary>The table as it will be with more extents, which get their places in it.</summary>
    private ExtentTable TableWith(Extent[] added)
    {
        BeforeStep?.Invoke(ReserveStep.Table);
        int slot = 0;
        foreach (Extent extent in added)
        {
            while (_slots[slot] is not null)
                slot++;
            extent.AssignSlot(slot, _generations[slot] + 1);
            slot++;
        }

        ExtentSlot[] slots = SlotsNow(Math.Max(_table.Count, slot));
        foreach (Extent extent in added)
            slots[extent.Slot] = Filled(extent);
        return new ExtentTable(_table.Version + 1, slots);
    }

    /// <summary>The table as it will be without some extents; null when there is no memory for it.</summary>
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

    /// <summary>What must not be done under the lock: waking renters and system calls. Never throws.</summary>
    private void Finish(PageWaiterQueue ended, Extent? released)
    {
        while (ended.First is { } waiter)
        {
            ended.Remove(waiter);
            Signal(waiter);
        }

        if (released is null)
            return;
        for (; released is not null; released = released.NextReleased)
            _source.Unmap(released.Mapping);
        Participant?.MemoryReleased();
    }

    /// <summary>Wakes a renter. What its scheduler throws is the renter's affair and not that of who returns pages, nor of the next renter.</summary>
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

/// <summary>The pool at one instant, in pages.</summary>
/// <param name="Capacity">What is mapped: at least what is reserved.</param>
/// <param name="Reserved">The sum of the reservations.</param>
/// <param name="Rented">What is out; more than is reserved after a reservation was given back under it.</param>
/// <param name="Waiting">Renters in the queue (not pages).</param>
internal readonly record struct PagePoolCounters(long Capacity, long Reserved, long Rented, int Waiting)
{
    /// <summary>What a renter can have at once.</summary>
    public long Free => Math.Max(0, Reserved - Rented);
}
