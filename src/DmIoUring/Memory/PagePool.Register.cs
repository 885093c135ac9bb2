using System.Globalization;

namespace DmIoUring.Memory;

/// <content>Memory of the embedder's own in the pool's table: rings register it as they do the pool's extents. No page of it is ever rented.</content>
internal sealed unsafe partial class PagePool
{
    /// <summary>The most bytes of one slot: the kernel's limit for one buffer.</summary>
    private const long MaxSlotBytes = (long)ExtentSizing.MaxPages * PageSize;

    /// <summary>Slots that hold memory of the embedder's.</summary>
    private readonly bool[] _isForeign = new bool[MaxExtents];
    private int _foreign;

    /// <summary>Adds memory to the table.</summary>
    /// <param name="start">The first byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="memory">What keeps it; null for an address alone, which the caller keeps.</param>
    /// <exception cref="ArgumentException">A part of it is registered already, or is the pool's.</exception>
    /// <exception cref="InvalidOperationException">The table has no room.</exception>
    /// <exception cref="ObjectDisposedException">The pool or the memory was disposed.</exception>
    public MemoryRegistration Register(byte* start, long length, IoMemory? memory)
    {
        long count = ((length - 1) / MaxSlotBytes) + 1;
        memory?.AddPin();
        try
        {
            MemoryRegistration registration = new(this, length, memory);
            using (_lock.Enter())
            {
                ThrowIfDisposed();
                CheckRoom(start, length, count);
                ushort[] slots = new ushort[count];
                for (int i = 0, slot = 0; i < slots.Length; i++, slot++)
                {
                    while (_slots[slot] is not null || _isForeign[slot])
                        slot++;
                    slots[i] = (ushort)slot;
                }

                ExtentSlot[] all = SlotsNow(Math.Max(_table.Count, slots[^1] + 1));
                for (int i = 0; i < slots.Length; i++)
                {
                    long offset = i * MaxSlotBytes;
                    all[slots[i]] = new ExtentSlot(start + offset, Math.Min(MaxSlotBytes, length - offset), _generations[slots[i]] + 1);
                }

                ExtentTable table = new(_table.Version + 1, all);

                // From here on nothing is allocated.
                foreach (ushort slot in slots)
                {
                    _generations[slot]++;
                    _isForeign[slot] = true;
                }

                _foreign += slots.Length;
                registration.Slots = slots;
                Volatile.Write(ref _table, table);
            }

            return registration;
        }
        catch
        {
            memory?.Unpin();
            throw;
        }
    }

    /// <summary>Takes memory out of the table again, unless it was. From the return on no new request uses a registration of it, whoever has taken it out.</summary>
    /// <returns>Whether it was there.</returns>
    /// <exception cref="OutOfMemoryException">There is no memory for another table; nothing has changed.</exception>
    public bool Unregister(MemoryRegistration registration)
    {
        using (_lock.Enter())
        {
            if (registration.Slots is not { } slots)
                return false;
            ExtentSlot[] all = SlotsNow(_table.Count);
            foreach (ushort slot in slots)
                all[slot] = new ExtentSlot(null, 0, _generations[slot] + 1);
            ExtentTable table = new(_table.Version + 1, all);
            foreach (ushort slot in slots)
            {
                _generations[slot]++;
                _isForeign[slot] = false;
            }

            _foreign -= slots.Length;
            registration.Slots = null;
            Volatile.Write(ref _table, table);
        }

        WakeRings();
        return true;
    }

    private void CheckRoom(byte* start, long length, long count)
    {
        if (_extents.Count + _foreign + count > MaxExtents)
        {
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"{length} bytes can't be registered: they take {count} of {MaxExtents} places, and {_extents.Count + _foreign} are taken. Register memory in fewer and larger pieces, or dispose registrations."));
        }

        for (int slot = 0; slot < _table.Count; slot++)
        {
            ref readonly ExtentSlot other = ref _table[slot];
            if (other.Start is not null && start < other.Start + other.Length && other.Start < start + length)
            {
                throw new ArgumentException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Of the {length} bytes at 0x{(nuint)start:x} some are {(_isForeign[slot] ? "registered already" : "the pool's own, which is registered")}: {other.Length} bytes at 0x{(nuint)other.Start:x}."), nameof(start));
            }
        }
    }
}
