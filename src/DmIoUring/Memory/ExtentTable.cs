namespace DmIoUring.Memory;

/// <summary>
/// An immutable snapshot of the pool's mappings, which any thread reads without a lock. An engine stores, for each slot, the generation that it
/// registered with its ring, and compares it with the pool's current table before it uses the registration.
/// </summary>
/// <remarks>
/// <para><b>Why generations.</b> A registration pins the physical pages that were there when it was made. When an extent goes
/// back to the system and a later one is mapped at the same address, an old registration still refers to the old
/// pages: I/O through it would use memory that the process does not see. Neither address nor slot distinguishes the two; the
/// slot's generation does, because every extent in a slot has its own.</para>
/// <para><b>Why it is enough.</b> Memory is rented only from extents that are in the table, an extent leaves the table before
/// it is unmapped, and none leaves while a page of it is rented. So an engine that has a request on rented pages
/// and then reads the table finds their extent in it, with the generation that it had when the pages were rented. If
/// that generation is registered, the registration is of these physical pages.
/// If it is not registered (yet), the address is used without a registration, which is always correct.</para>
/// </remarks>
internal sealed unsafe class ExtentTable
{
    private readonly ExtentSlot[] _slots;

    /// <summary>Slots that are filled, by address.</summary>
    private readonly short[] _byAddress;

    public ExtentTable(int version, ExtentSlot[] slots)
    {
        Version = version;
        _slots = slots;
        _byAddress = [.. Enumerable.Range(0, slots.Length)
            .Where(slot => slots[slot].Start is not null)
            .OrderBy(slot => (nuint)slots[slot].Start)
            .Select(static slot => (short)slot)];
    }

    /// <summary>Incremented by every change.</summary>
    public int Version { get; }

    /// <summary>Slots from 0 on that are or were filled; the slots after them up to <see cref="PagePool.MaxExtents"/> are empty.</summary>
    public int Count => _slots.Length;

    public ref readonly ExtentSlot this[int slot] => ref _slots[slot];

    /// <summary>The extent that holds an address.</summary>
    public bool TryFind(byte* address, out int slot, out uint generation)
    {
        int low = 0;
        int high = _byAddress.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            slot = _byAddress[middle];
            ref readonly ExtentSlot extent = ref _slots[slot];
            if (address < extent.Start)
            {
                high = middle - 1;
            }
            else if ((nuint)(address - extent.Start) >= (nuint)extent.Length)
            {
                low = middle + 1;
            }
            else
            {
                generation = extent.Generation;
                return true;
            }
        }

        slot = -1;
        generation = 0;
        return false;
    }
}

/// <summary>One slot of the extent table, which is registered as the ring's buffer of the same index.</summary>
internal readonly unsafe struct ExtentSlot(byte* start, long length, uint generation)
{
    /// <summary>Null when the slot is empty.</summary>
    public byte* Start { get; } = start;

    /// <summary>Bytes; at most 1 GiB, the kernel's limit for one buffer (io_uring/rsrc.c).</summary>
    public long Length { get; } = length;

    /// <summary>Changes whenever the slot is filled or emptied.</summary>
    public uint Generation { get; } = generation;

    /// <summary>The generation that is registered where the slot is; 0, which no extent has, when it is empty.</summary>
    public uint RegisteredGeneration => Start is null ? 0 : Generation;
}
