using System.Runtime.InteropServices;

namespace DmIoUring.Cli.Bench;

/// <summary>A buffer for each slot: of the page pool, which rings know, or plain memory, which they don't.</summary>
internal sealed unsafe class SlotMemory : IDisposable
{
    private readonly PageReservation? _reservation;
    private readonly PageList[] _pages = [];
    private readonly IoMemory? _memory;
    private readonly IoBuffer[] _buffers;

    /// <summary>Takes and fills the memory.</summary>
    /// <param name="pool">The pool to take from; null for plain memory.</param>
    /// <param name="slots">How many buffers.</param>
    /// <param name="bytes">The size of each.</param>
    /// <param name="seed">What they are filled with.</param>
    /// <exception cref="OutOfMemoryException">There is not that much.</exception>
    public SlotMemory(PageMemoryPool? pool, int slots, int bytes, ulong seed)
    {
        _buffers = new IoBuffer[slots];
        SeededSequence random = new(seed);
        if (pool is null)
        {
            _memory = IoMemory.Allocate((long)slots * bytes);
            for (int slot = 0; slot < slots; slot++)
                _buffers[slot] = Use((byte*)_memory.Pointer + ((long)slot * bytes), bytes, ref random);
            return;
        }

        int pages = (bytes + PageList.PageSize - 1) / PageList.PageSize;
        _reservation = pool.Reserve((long)slots * pages);
        _pages = new PageList[slots];
        for (int slot = 0; slot < slots; slot++)
        {
            PageList list = _pages[slot] = pool.RentPages(pages);
            if (list.IsContiguous)
            {
                _buffers[slot] = Use((byte*)list.GetPointer(0), bytes, ref random);
                continue;
            }

            _buffers[slot] = list;
            foreach (Span<byte> page in list)
                Fill(page, ref random);
        }
    }

    public ref readonly IoBuffer this[int slot] => ref _buffers[slot];

    /// <summary>Not before every request has ended.</summary>
    public void Dispose()
    {
        foreach (PageList list in _pages)
            list.Dispose();
        _reservation?.Dispose();
        _memory?.Dispose();
    }

    private static IoBuffer Use(byte* start, int bytes, ref SeededSequence random)
    {
        Fill(new Span<byte>(start, bytes), ref random);
        return IoBuffer.Contiguous(start, bytes);
    }

    private static void Fill(Span<byte> bytes, ref SeededSequence random)
    {
        // A device that compresses would be measured with a block of nothing.
        foreach (ref ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
            word = random.Next();
    }
}
