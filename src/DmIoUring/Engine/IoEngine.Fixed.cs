using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Memory;

namespace DmIoUring.Engine;

/// <content>Pool pages as registered buffers: the kernel pins and maps them once instead of with every entry.</content>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>No errno: not tried yet.</summary>
    private const int NotTried = -1;
    private readonly PagePool? _pool;
    private readonly uint[] _registered = new uint[PagePool.MaxExtents];

    /// <summary>
    /// A cache of the extent that was found last: consecutive requests tend to use the same extent. The pool's table may have changed since, but not
    /// for a request's memory: its pages were rented before the engine accepted the request, the engine refreshes the table on accepting it, and
    /// an extent stays in the table while its pages are rented. Memory of the embedder's own must outlive the requests on it, and leaves the table before it
    /// is unmapped.
    /// </summary>
    private byte* _lastStart;
    private long _lastLength;
    private int _lastSlot;
    private int _seenVersion;

    /// <summary>0 where the registrations are clones, the errno for which this ring registers for itself, <see cref="NotTried"/> before that is known.</summary>
    private int _cloneErrno = NotTried;
    private bool _hasTable;

    /// <summary>0 or an errno; <see cref="NotTried"/> until the ring has been given the pool's extents. Written last: another thread may wait for it.</summary>
    private int _registerErrno = NotTried;

    public override int? RegisterErrno => Volatile.Read(ref _registerErrno) is var errno and >= 0 ? errno : null;

    public override int? CloneErrno => Volatile.Read(ref _cloneErrno) is var errno and >= 0 ? errno : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RefreshRegistrations()
    {
        if (_pool is not null && _pool.Extents is var extents && extents.Version != _seenVersion)
            UpdateRegistrations(extents);
    }

    /// <summary>Registers the pool's current extents with the ring. A refusal is stored for <see cref="RegisterErrno"/>, and the pages are used unregistered.</summary>
    private void UpdateRegistrations(ExtentTable table)
    {
        _lastLength = 0;

        // Entries that are not with the kernel yet name buffers of the table as it is.
        if (_ring.HasQueued)
            EnterRing(0, 0, 0);
        if (_ring.HasQueued)
            return;
        int refused = _hasTable ? 0 : _ring.RegisterBufferTable(PagePool.MaxExtents);
        _hasTable = refused >= 0;
        bool isShared = _hasTable && _cloneErrno <= 0 && _pool!.Registry is not null;

        // Another ring may be pinning gigabytes. The version stays unseen, so that the next refresh tries again.
        if (isShared && !_pool!.Registry!.TryEnter())
            return;
        _seenVersion = table.Version;
        if (isShared)
            isShared = TryShareAndLeave(_pool!.Registry!, out refused);
        if (_hasTable && !isShared)
            refused = RegisterExtents(table);
        Volatile.Write(ref _registerErrno, refused < 0 ? -refused : 0);
    }

    /// <summary>Makes the ring's table the same as the pool's registry.</summary>
    /// <param name="registry">The registry, which this ring has entered.</param>
    /// <param name="refused">0, or the negated errno for which extents are missing.</param>
    /// <returns>
    /// False where this host clones none: then this ring registers for itself from now on. What it has cloned before stays valid, because a slot whose
    /// generation has not changed has the same buffer in both tables. After a refusal that may pass, too: the ring keeps its clones and tries again with the
    /// pool's next change.
    /// </returns>
    private bool TryShareAndLeave(ExtentRegistry registry, out int refused)
    {
        try
        {
            refused = Clone(registry);
        }
        finally
        {
            registry.Leave();
        }

        return _cloneErrno <= 0;
    }

    private int Clone(ExtentRegistry registry)
    {
        int answer = registry.Open();
        if (answer >= 0 && registry.Vacate())
        {
            // What this ring has of other extents may be all that the limit has no room for. And where this host clones none after all, nothing is pinned twice.
            answer = _ring.CloneBuffers(registry.Descriptor);
            if (answer >= 0)
                registry.Fill();
        }

        if (answer >= 0)
            answer = _ring.CloneBuffers(registry.Descriptor);
        if (answer >= 0)
        {
            registry.Registered.CopyTo(_registered);
            _seenVersion = registry.Version;
            Volatile.Write(ref _cloneErrno, 0);
            return registry.Refused;
        }

        if (ExtentRegistry.IsFinal(-answer))
            Volatile.Write(ref _cloneErrno, -answer);
        return answer;
    }

    /// <summary>Registers what has changed. 0, or the negated errno of a refusal.</summary>
    private int RegisterExtents(ExtentTable table)
    {
        // The kernel pins a slot's new memory before it unpins the old: both would have to be within RLIMIT_MEMLOCK.
        for (int slot = 0; slot < table.Count; slot++)
        {
            if (_registered[slot] != 0 && _registered[slot] != table[slot].RegisteredGeneration && _ring.RegisterBuffer(slot, null, 0) >= 0)
                _registered[slot] = 0;
        }

        int refused = 0;
        for (int slot = 0; slot < table.Count; slot++)
        {
            ref readonly ExtentSlot extent = ref table[slot];
            if (_registered[slot] == extent.RegisteredGeneration)
                continue;
            int result = _ring.RegisterBuffer(slot, extent.Start, extent.Length);
            _registered[slot] = result >= 0 ? extent.RegisteredGeneration : 0;
            refused = Math.Min(refused, result);
        }

        return refused;
    }

    /// <summary>Whether memory lies in a registered extent with all of it, and in which: the kernel refuses an entry that goes beyond its buffer (EFAULT).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryFindRegistered(byte* start, uint length, out int slot)
    {
        slot = _lastSlot;
        return (nuint)(start - _lastStart) < (nuint)_lastLength ? start + length <= _lastStart + _lastLength : TryFindInTable(_pool!.Extents, start, length, out slot);
    }

    private bool TryFindInTable(ExtentTable table, byte* start, uint length, out int slot)
    {
        if (!table.TryFind(start, out slot, out uint generation) || _registered[slot] != generation || start + length > table[slot].Start + table[slot].Length)
            return false;
        if (table.Version == _seenVersion)
        {
            _lastStart = table[slot].Start;
            _lastLength = table[slot].Length;
            _lastSlot = slot;
        }

        return true;
    }

    /// <summary>Uses the registered buffer for a transfer whose memory lies in one.</summary>
    /// <param name="entry">The transfer.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="memory">Its memory.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="mask">The device's <see cref="DeviceGeometry.RegisteredMask"/>: the kernel splits a registered buffer at page boundaries.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void UseRegistered(IoUringSqe* entry, ChunkKind kind, byte* memory, uint length, nint mask)
    {
        if (((nint)memory & mask) == 0 && TryFindRegistered(memory, length, out int slot))
            EntryWriter.UseRegisteredRun(entry, kind, slot);
    }

    /// <summary>The same for scattered pages, where the kernel supports it (6.15) and all of them lie in one extent.</summary>
    private void UseRegisteredVectors(IoUringSqe* entry, Chunk* chunk, Iovec* vectors, uint count, nint mask)
    {
        if (!_ring.HasFixedVectors || ((nint)chunk->Buffer & mask) != 0 || !TryFindRegistered(chunk->Buffer, (uint)vectors[0].iov_len, out int slot))
            return;
        for (uint i = 1; i < count; i++)
        {
            if (((nint)vectors[i].iov_base & mask) != 0)
                return;
            if (!TryFindRegistered((byte*)vectors[i].iov_base, (uint)vectors[i].iov_len, out int other) || other != slot)
                return;
        }

        EntryWriter.UseRegisteredVectors(entry, chunk->Kind, slot);
    }
}
