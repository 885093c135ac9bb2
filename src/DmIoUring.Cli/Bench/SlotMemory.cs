using System.Runtime.InteropServices;

namespace DmIoUring.Cli.Bench;

/// <summary>A buffer for each slot: of the page pool, which rings know, or other memory, which they don't.</summary>
internal sealed unsafe class SlotMemory : IDisposable
{
    /// <summary>Enough for direct I/O on every device.</summary>
    private const int Alignment = 4096;

    private readonly PageReservation? _reservation;
    private readonly PageList[] _pages = [];
    private readonly IoMemory? _memory;
    private readonly IoBuffer[] _buffers;

    /// <summary>Takes and fills the memory.</summary>
    /// <param name="kind">What the buffers are.</param>
    /// <param name="pool">The pool to take from, where that is what they are.</param>
    /// <param name="slots">How many buffers.</param>
    /// <param name="bytes">The size of each.</param>
    /// <param name="seed">What they are filled with.</param>
    /// <exception cref="OutOfMemoryException">There is not that much.</exception>
    public SlotMemory(BenchMemory kind, PageMemoryPool pool, int slots, int bytes, ulong seed)
    {
        SeededSequence random = new(seed);
        _buffers = new IoBuffer[slots];
        switch (kind)
        {
            case BenchMemory.Pool or BenchMemory.Pages:
                int pages = (bytes + PageList.PageSize - 1) / PageList.PageSize;
                _reservation = pool.Reserve((long)slots * pages);
                _pages = new PageList[slots];
                for (int slot = 0; slot < slots; slot++)
                {
                    PageList list = _pages[slot] = pool.RentPages(pages);
                    _buffers[slot] = kind == BenchMemory.Pool && list.IsContiguous ? IoBuffer.Contiguous(list.GetPointer(0), bytes) : list;
                    foreach (Span<byte> page in list)
                        Fill(page, ref random);
                }

                break;
            case BenchMemory.Array:
                for (int slot = 0; slot < slots; slot++)
                {
                    _buffers[slot] = FilledArray(bytes, ref random);
                }

                break;
            default:
                _memory = IoMemory.Allocate((long)slots * bytes);
                for (int slot = 0; slot < slots; slot++)
                {
                    byte* start = (byte*)_memory.Pointer + ((long)slot * bytes);
                    Fill(new Span<byte>(start, bytes), ref random);
                    _buffers[slot] = kind == BenchMemory.IoMemory ? _memory.Slice((long)slot * bytes, bytes) : IoBuffer.Contiguous(start, bytes);
                }

                break;
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

    /// <summary>A filled part of an array that starts on a block, which every array has; it stays where it is.</summary>
    public static Memory<byte> FilledArray(int bytes, ref SeededSequence random)
    {
        byte[] array = GC.AllocateUninitializedArray<byte>(bytes + Alignment, pinned: true);
        fixed (byte* start = array)
        {
            Memory<byte> part = array.AsMemory((int)(-(nint)start & (Alignment - 1)), bytes);
            Fill(part.Span, ref random);
            return part;
        }
    }

    private static void Fill(Span<byte> bytes, ref SeededSequence random)
    {
        // A device that compresses would be measured with a block of nothing.
        foreach (ref ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
            word = random.Next();
    }
}
