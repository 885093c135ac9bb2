using System.Buffers;
using DmIoUring.Memory;
using DmIoUring.Testing;

namespace DmIoUring.Simulation.Memory;

/// <summary>Makes buffers of every kind, cut and misaligned in every way.</summary>
internal sealed unsafe class BufferMaker(Arena arena, PagePool? pool, SeededRandom random)
{
    public SimulatedBuffer Make(int length, bool mayBeReadOnly)
    {
        IoBufferKind kind = random.Pick(
            IoBufferKind.Native, IoBufferKind.Native, IoBufferKind.Memory, IoBufferKind.Vectors, IoBufferKind.Vectors,
            IoBufferKind.Segments, mayBeReadOnly ? IoBufferKind.Sequence : IoBufferKind.Segments, IoBufferKind.Pages, IoBufferKind.Pages);
        if (kind == IoBufferKind.Pages && TryMakePages(length) is { } pages)
            return pages;
        SimulatedBuffer buffer = new(kind, arena);
        buffer.Buffer = kind switch
        {
            IoBufferKind.Memory => buffer.AddCounted(arena.Allocate(length, PastPage())),
            IoBufferKind.Vectors => MakeVectors(buffer, length),
            IoBufferKind.Segments => IoBuffer.From(MakeSegments(buffer, length)),
            IoBufferKind.Sequence => IoBuffer.From(MakeSequence(MakeSegments(buffer, length))),
            _ => MakeContiguous(buffer, length),
        };
        return buffer;
    }

    /// <summary>An address, and nothing to keep.</summary>
    public SimulatedBuffer MakePlain(int length) => MakeContiguous(length, PastPage());

    public SimulatedBuffer MakeContiguous(int length, int pastPage)
    {
        SimulatedBuffer buffer = new(IoBufferKind.Native, arena);
        MemoryRange range = arena.Allocate(length, pastPage);
        buffer.Add(range);
        buffer.Buffer = IoBuffer.Contiguous((void*)range.Start, length);
        return buffer;
    }

    /// <summary>Mostly fit for direct I/O, on and off a page; sometimes for nothing.</summary>
    private int PastPage() => random.Next(8) switch
    {
        < 3 => 0,
        < 6 => 512 * random.Next(8),
        6 => 4 * random.Next(1024),
        _ => random.Next(4096),
    };

    private IoBuffer MakeContiguous(SimulatedBuffer buffer, int length)
    {
        if (random.OneIn(4))
        {
            int offset = random.OneIn(2) ? 0 : 512 * random.Next(8);
            IoMemory memory = IoMemory.Allocate(offset + length);
            buffer.Own(memory, offset, length);
            return memory.Slice(offset, length);
        }

        MemoryRange range = arena.Allocate(length, PastPage());
        buffer.Add(range);
        return IoBuffer.Contiguous((void*)range.Start, length);
    }

    private IoBuffer MakeVectors(SimulatedBuffer buffer, int length)
    {
        List<IoVector> vectors = [];
        foreach (int piece in Cut(length))
        {
            MemoryRange range = arena.Allocate(piece, PastPage());
            buffer.Add(range);
            vectors.Add(new IoVector((void*)range.Start, (nuint)piece));
        }

        IoVector[] array = [.. vectors];
        buffer.Keep(array);
        return IoBuffer.Vectors(array);
    }

    private Memory<byte>[] MakeSegments(SimulatedBuffer buffer, int length) =>
        [.. Cut(length).Select(piece => buffer.AddCounted(arena.Allocate(piece, PastPage())))];

    private static ReadOnlySequence<byte> MakeSequence(Memory<byte>[] segments)
    {
        SequencePiece first = new(segments[0], null);
        SequencePiece last = first;
        foreach (Memory<byte> segment in segments.AsSpan(1))
            last = new SequencePiece(segment, last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    /// <summary>Sizes that add up to a length: of one style each time, because one odd piece makes all of it bounce.</summary>
    private List<int> Cut(int length)
    {
        List<int> pieces = [];
        int style = random.Next(5);
        int small = style == 1 ? 4 * random.Next(16, 512) : 0;
        while (length > 0)
        {
            int piece = style switch
            {
                0 => 4096 * random.Next(1, 5),
                1 => small,
                2 => 512 * random.Next(1, 16),
                3 => 4 * random.Next(16, 4096),
                _ => random.Next(64, 9000),
            };

            // The arena gives every piece a page at least.
            piece = pieces.Count >= 400 ? length : Math.Min(piece, length);
            pieces.Add(piece);
            length -= piece;
        }

        return pieces;
    }

    private SimulatedBuffer? TryMakePages(int length)
    {
        if (pool is null)
            return null;
        int offset = random.Next(4) switch
        {
            0 or 1 => 0,
            2 => 512 * random.Next(8),
            _ => random.Next(4096),
        };
        int count = (offset + length + PagePool.PageSize - 1) / PagePool.PageSize;
        if (!pool.TryRent(count, out PageList pages))
            return null;
        SimulatedBuffer buffer = new(IoBufferKind.Pages, arena);
        buffer.AddPages(pages, offset);
        buffer.Buffer = IoBuffer.Pages(pages, offset);
        return buffer;
    }
}
