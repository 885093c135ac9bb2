using DmIoUring.Interop;
using DmIoUring.Threading;

namespace DmIoUring.Memory;

/// <summary>
/// The pool's extents, registered with the kernel once for all rings that use the pool: each ring clones the table. So the kernel pins the pages once,
/// and counts them once against RLIMIT_MEMLOCK, however many lanes and reactors there are.
/// </summary>
/// <remarks>
/// <para><b>Threads.</b> Any; every member but <see cref="Enter"/> and <see cref="Dispose"/> under the lock that <see cref="Enter"/> takes. It is held
/// while the kernel pins an extent: another ring that wants its clone meanwhile would have to wait for the same pages to be pinned.</para>
/// <para><b>Which pages.</b> What <see cref="ExtentTable"/> says of an engine's registrations holds for these, with the same generations. A ring that clones
/// the table has what the table had then: it stores these generations as its own.</para>
/// <para>An extent that has left the pool stays pinned until it has been taken out of this table and of every ring's.</para>
/// </remarks>
/// <param name="pool">The pool.</param>
/// <param name="table">Where its extents are registered; opened by the first ring that needs it.</param>
internal sealed unsafe class ExtentRegistry(PagePool pool, IBufferTable table) : IDisposable
{
    /// <summary>No errno: the table was not asked for yet.</summary>
    private const int NotOpened = 1;

    private readonly UninterruptedLock _lock = new();
    private readonly uint[] _registered = new uint[PagePool.MaxExtents];
    private int _answer = NotOpened;

    /// <summary>What rings clone from.</summary>
    public int Descriptor => table.Descriptor;

    /// <summary>The version of the pool's table that is registered; 0 before anything was.</summary>
    public int Version { get; private set; }

    /// <summary>0, or the negated errno with which the kernel refused an extent of that version: it is not in the table.</summary>
    public int Refused { get; private set; }

    /// <summary>The generation that is registered in each slot; 0 for none.</summary>
    public ReadOnlySpan<uint> Registered => _registered;

    /// <summary>Enters the lock; disposing the scope leaves.</summary>
    public UninterruptedLock.Scope Enter() => _lock.Enter();

    /// <summary>Opens the table, unless it is open. 0, or the negated errno, which is the answer from then on.</summary>
    public int Open()
    {
        if (_answer == NotOpened)
            _answer = table.Open(PagePool.MaxExtents);
        return _answer;
    }

    /// <summary>Registers the pool's extents of now, and takes out those that have left it. The table must be open.</summary>
    public void Update()
    {
        ExtentTable extents = pool.Extents;
        if (extents.Version == Version)
            return;
        Version = extents.Version;
        Refused = 0;
        for (int slot = 0; slot < extents.Count; slot++)
        {
            ref readonly ExtentSlot extent = ref extents[slot];
            if (_registered[slot] == extent.Generation)
                continue;
            int result = table.RegisterBuffer(slot, extent.Start, extent.Length);
            _registered[slot] = result >= 0 && extent.Start is not null ? extent.Generation : 0;
            Refused = Math.Min(Refused, result);
        }
    }

    /// <summary>Closes the table. Rings keep what they have cloned, and from then on register for themselves.</summary>
    public void Dispose()
    {
        using (_lock.Enter())
        {
            _answer = -Errno.ENXIO;
            table.Dispose();
        }
    }
}
