namespace DmIoUring.Memory;

/// <summary>
/// The pool's mappings at one moment, immutable: any thread reads it without a lock. A ring keeps, for each slot, the
/// generation that it registered, and looks at the pool's present table before it uses a registration.
/// </summary>
/// <remarks>
/// <para><b>Why generations.</b> A registration pins the physical pages that were there when it was made. When an extent goes
/// back to the system and a later one is mapped at the same address, an old registration still means the old
/// pages: I/O through it would read and write memory that nobody sees. Neither address nor slot tells the two apart; the
/// slot's generation does, because every extent that is put into a slot gets a new one.</para>
/// <para><b>Why it is enough.</b> Memory is rented only from extents that are in the table, an extent leaves the table before
/// it is unmapped, and none leaves while a page of it is rented. So whoever handles a request on rented pages
/// and then reads the table finds their extent in it, with the generation it had when the pages were rented; when
/// the ring registered that generation, its registration is of these physical pages.
/// When it did not (yet), the address is used without the registration, which is always right.</para>
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

    /// <summary>Grows by one with every change.</summary>
    public int Version { get; }

    /// <summary>Slots from 0 on that are filled or were; those after it up to <see cref="PagePool.MaxExtents"/> are empty.</summary>
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

/// <summary>One place of the extent table, to be registered as the ring's buffer of the same index.</summary>
internal readonly unsafe struct ExtentSlot(byte* start, long length, uint generation)
{
    /// <summary>Null when the place is empty.</summary>
    public byte* Start { get; } = start;

    /// <summary>Bytes; at most 1 GiB, which is what the kernel takes as one buffer (io_uring/rsrc.c).</summary>
    public long Length { get; } = length;

    /// <summary>Changes whenever the place is filled or emptied.</summary>
    public uint Generation { get; } = generation;
}
