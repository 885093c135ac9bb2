using System.Diagnostics;

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

    private readonly Lock _lock = new();
    private readonly IExtentSource _source;
    private readonly Extent?[] _slots = new Extent?[MaxExtents];

    /// <summary>By slot, from slot 0 to the last that was ever filled.</summary>
    private readonly List<uint> _generations = [];

    /// <summary>The oldest first: renting prefers the old ones, so that the young ones become free and go back.</summary>
    private readonly List<Extent> _extents = [];

    private ExtentTable _table = new(0, []);
    private PageWaiterQueue _waiters;
    private AsyncPageWaiter? _spareWaiter;
    private long _capacity;
    private long _reserved;
    private long _rented;
    private long _rentals;
    private bool _disposed;

    /// <summary>Called without the lock after the sum of the reservations has changed; look it up, the last call may not be the last change.</summary>
    public Action? ReserveChanged { get; init; }

    public PagePool(IExtentSource? source = null) => _source = source ?? new HostExtentSource();

    public PagePoolCounters Counters
    {
        get
        {
            lock (_lock)
                return new PagePoolCounters(_capacity, _reserved, _rented, _waiters.Count);
        }
    }

    /// <summary>What the host gave to the pool's memory and what it refused, with the reason. Empty while nothing is mapped.</summary>
    public IReadOnlyList<IoFeature> Features
    {
        get
        {
            MappedExtent[] extents;
            lock (_lock)
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
            lock (_lock)
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
        Extent? released = null;
        lock (_lock)
        {
            _disposed = true;
            _reserved = 0;
            while (_waiters.First is { } waiter)
                EndWait(waiter, WaitOutcome.Disposed, default, 0, ref ended);
            ReleaseSurplus(ref released);
        }

        Finish(ended, released);
    }

    private void Add(Extent extent)
    {
        int slot = Array.IndexOf(_slots, null);
        Debug.Assert(slot >= 0 && slot <= _generations.Count, "The bound was checked before the memory was mapped.");
        if (slot == _generations.Count)
            _generations.Add(0);
        extent.Place(slot, ++_generations[slot]);
        _slots[slot] = extent;
        _extents.Add(extent);
        _capacity += extent.Pages;
    }

    /// <summary>Takes entirely free extents out of the pool, the youngest first, as far as nothing reserved needs them.</summary>
    private void ReleaseSurplus(ref Extent? released)
    {
        bool any = false;
        for (int i = _extents.Count - 1; i >= 0; i--)
        {
            Extent extent = _extents[i];
            if (!extent.IsEntirelyFree || _capacity - extent.Pages < _reserved + _promised)
                continue;
            _extents.RemoveAt(i);
            _slots[extent.Slot] = null;
            _generations[extent.Slot]++;
            _capacity -= extent.Pages;
            extent.NextReleased = released;
            released = extent;
            any = true;
        }

        if (any)
            PublishTable();
    }

    private void PublishTable()
    {
        ExtentSlot[] slots = new ExtentSlot[_generations.Count];
        for (int i = 0; i < slots.Length; i++)
        {
            slots[i] = _slots[i] is { } extent
                ? new ExtentSlot(extent.Start, (long)extent.Pages * PageSize, extent.Generation)
                : new ExtentSlot(null, 0, _generations[i]);
        }

        Volatile.Write(ref _table, new ExtentTable(_table.Version + 1, slots));
    }

    /// <summary>What must not be done under the lock: waking renters and system calls.</summary>
    private void Finish(PageWaiterQueue ended, Extent? released)
    {
        while (ended.First is { } waiter)
        {
            ended.Remove(waiter);
            waiter.Signal();
        }

        for (; released is not null; released = released.NextReleased)
            _source.Unmap(released.Mapping);
    }
}
