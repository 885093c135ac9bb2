using DmIoUring.Interop;
using DmIoUring.Threading;

namespace DmIoUring.Memory;

/// <summary>
/// The pool's extents, registered with the kernel once for all rings that use the pool: each ring clones the table. So the kernel pins the pages once,
/// and counts them once against RLIMIT_MEMLOCK, however many lanes and reactors there are.
/// </summary>
/// <remarks>
/// <para><b>Threads.</b> Any; every member but <see cref="Dispose"/> between <see cref="TryEnter"/> and <see cref="Leave"/>. In between the kernel may pin
/// gigabytes, so nobody waits for it: a ring that finds another there uses its pages unregistered and tries again with its next refresh, for which it is
/// woken.</para>
/// <para><b>Which pages.</b> What <see cref="ExtentTable"/> says of an engine's registrations holds for these, with the same generations. A ring that clones
/// the table has what the table had then: it stores these generations as its own.</para>
/// <para><b>The limit.</b> The kernel pins a slot's new memory before it unpins the old, and an extent that has left the pool stays pinned until it has
/// been taken out of this table and of every ring's. So a ring empties slots (<see cref="Vacate"/>), clones the table, which drops its own old
/// registrations, and only then fills (<see cref="Fill"/>) and clones again. Example: under a limit of 1.5 GiB an extent of 1 GiB replaces another,
/// which lanes 1 and 2 have cloned. Lane 1 drops its clone and is refused the new extent, because lane 2 still has the old one. Lane 2
/// drops that, registers the new extent, and publishes a new version of the pool's table, by which lane 1 gets its clone.</para>
/// </remarks>
/// <param name="pool">The pool.</param>
/// <param name="table">Where its extents are registered; opened by the first ring that needs it.</param>
internal sealed unsafe class ExtentRegistry(PagePool pool, IBufferTable table) : IDisposable
{
    /// <summary>No errno: the table is not open.</summary>
    private const int NotOpen = 1;

    private readonly TryLock _lock = new();
    private readonly uint[] _registered = new uint[PagePool.MaxExtents];
    private ExtentTable _extents = pool.Extents;
    private int _answer = NotOpen;
    private bool _mustWake;
    private bool _closed;
    private volatile bool _disposed;

    /// <summary>What rings clone from.</summary>
    public int Descriptor => table.Descriptor;

    /// <summary>The version of the pool's table that is registered; 0 before anything was.</summary>
    public int Version { get; private set; }

    /// <summary>0, or the negated errno with which the kernel refused an extent of that version: it is not in the table.</summary>
    public int Refused { get; private set; }

    /// <summary>The generation that is registered in each slot; 0 for none.</summary>
    public ReadOnlySpan<uint> Registered => _registered;

    /// <summary>Whether a refusal to open or to clone a table will be repeated, so that rings must register for themselves.</summary>
    /// <remarks>Others come from a shortage that may pass: of descriptors (EMFILE, ENFILE) or of memory (ENOMEM).</remarks>
    public static bool IsFinal(int errno) =>
        errno is Errno.EINVAL or Errno.EPERM or Errno.EACCES or Errno.ENXIO or Errno.ENOSYS or Errno.EOPNOTSUPP;

    /// <summary>Enters, unless another ring is there. Never waits.</summary>
    public bool TryEnter() => _lock.TryEnter();

    /// <summary>Leaves, and wakes the rings that must look again.</summary>
    public void Leave()
    {
        bool mustWake = _mustWake;
        _mustWake = false;
        do
        {
            if (_disposed)
                Close();
            mustWake |= _lock.Exit();

            // Dispose may have found the lock held after the look at its flag.
        }
        while (_disposed && !Volatile.Read(ref _closed) && _lock.TryEnter());
        if (mustWake)
            pool.WakeRings();
    }

    /// <summary>Opens the table, unless it is open. 0, or the negated errno, which is the answer from then on if it <see cref="IsFinal"/>.</summary>
    public int Open()
    {
        if (_answer == NotOpen || (_answer < 0 && !IsFinal(-_answer)))
            _answer = table.Open(PagePool.MaxExtents);
        return _answer;
    }

    /// <summary>Takes out the extents that have left the pool. The table must be open.</summary>
    /// <returns>Whether an extent of the pool is missing: <see cref="Fill"/> must follow, after the ring has dropped what it has of the others.</returns>
    public bool Vacate()
    {
        _extents = pool.Extents;
        bool isMissing = false;
        for (int slot = 0; slot < _extents.Count; slot++)
        {
            uint generation = _extents[slot].RegisteredGeneration;
            if (_registered[slot] == generation)
                continue;
            isMissing |= generation != 0;
            if (_registered[slot] != 0 && table.RegisterBuffer(slot, null, 0) >= 0)
                _registered[slot] = 0;
        }

        if (!isMissing)
        {
            Version = _extents.Version;
            Refused = 0;
        }

        return isMissing;
    }

    /// <summary>Registers the extents that are missing. Those that were refused to an earlier ring are tried again.</summary>
    public void Fill()
    {
        bool isLate = Version == _extents.Version;
        bool hasFilled = false;
        Version = _extents.Version;
        Refused = 0;
        for (int slot = 0; slot < _extents.Count; slot++)
        {
            ref readonly ExtentSlot extent = ref _extents[slot];
            if (_registered[slot] == extent.RegisteredGeneration)
                continue;
            int result = table.RegisterBuffer(slot, extent.Start, extent.Length);
            _registered[slot] = result >= 0 ? extent.RegisteredGeneration : 0;
            hasFilled |= result >= 0;
            Refused = Math.Min(Refused, result);
        }

        // Rings that have seen this version have no clone of what was refused then.
        if (isLate && hasFilled)
        {
            pool.RenewVersion();
            _mustWake = true;
        }
    }

    /// <summary>
    /// Closes the table, now or when the ring that is there leaves. Does not wait. Rings keep what they have cloned, and from then on register for themselves.
    /// </summary>
    public void Dispose()
    {
        _disposed = true;
        if (_lock.TryEnter())
            Leave();
    }

    private void Close()
    {
        _answer = -Errno.ENXIO;
        table.Dispose();
        Volatile.Write(ref _closed, true);
    }
}
