using System.Buffers;
using DmIoUring.Testing;

namespace DmIoUring.TestSupport;

/// <summary>A buffer of a shape, and the bytes in it and around it, whatever the shape is.</summary>
internal sealed unsafe class ShapedBuffer : IDisposable
{
    private const byte Around = 0x5A;
    private readonly List<(int Start, int Length)> _pieces = [];
    private readonly List<PageList> _between = [];
    private readonly IoMemory? _memory;
    private readonly byte[]? _array;
    private readonly PageReservation? _reservation;
    private readonly PageList _pages;
    private readonly int _offset;

    public ShapedBuffer(DmIoClient client, BufferShape shape, int length)
        : this(client.Reserve, client.Pages, shape, length, seed: 1)
    {
    }

#pragma warning disable CA5394 // Nothing secret: the seed is the point.
    public ShapedBuffer(Func<long, PageReservation> reserve, PageMemoryPool pages, BufferShape shape, int length, int seed)
    {
        Random random = new(seed);
        Length = length;
        if (shape >= BufferShape.Pages)
        {
            _offset = shape switch
            {
                BufferShape.PagesFromTheSecondSector or BufferShape.ScatteredPagesFromTheSecondSector => 512,
                BufferShape.PagesFromAnOddByte => random.Next(1, 2000) | 1,
                _ => 0,
            };
            int count = (length + _offset + PageList.PageSize - 1) / PageList.PageSize;
            bool scattered = shape >= BufferShape.ScatteredPages;
            _reservation = reserve(scattered ? 2 * count : count);
            if (scattered)
                RentEverySecond(pages, 2 * count);
            _pages = pages.RentPages(count);
            foreach (Span<byte> page in _pages)
                page.Fill(Around);
            Buffer = IoBuffer.Pages(_pages, _offset);
            return;
        }

        int end = Cut(shape, random);
        if (shape is BufferShape.Segments or BufferShape.Sequence)
        {
            _array = new byte[end];
            Array.Fill(_array, Around);
            Buffer = shape == BufferShape.Sequence ? Sequence() : IoBuffer.From(Pieces().ToArray());
            return;
        }

        _memory = IoMemory.Allocate(end);
        _memory.GetSpan().Fill(Around);
        byte* start = (byte*)_memory.Pointer;
        Buffer = _pieces.Count == 1
            ? IoBuffer.Contiguous(start + _pieces[0].Start, length)
            : IoBuffer.Vectors(_pieces.Select(piece => new IoVector(start + piece.Start, (nuint)piece.Length)).ToArray());
    }

    public int Length { get; }

    public IoBuffer Buffer { get; }

    private Span<byte> Arena => _array ?? _memory!.GetSpan();

    public void Fill(ReadOnlySpan<byte> bytes)
    {
        if (_pages.Count > 0)
        {
            _pages.CopyFrom(bytes, _offset);
            return;
        }

        foreach ((int start, int length) in _pieces)
        {
            bytes[..length].CopyTo(Arena[start..]);
            bytes = bytes[length..];
        }
    }

    public byte[] ToArray()
    {
        byte[] bytes = new byte[Length];
        if (_pages.Count > 0)
        {
            _pages.CopyTo(bytes, _offset);
            return bytes;
        }

        int at = 0;
        foreach ((int start, int length) in _pieces)
        {
            Arena.Slice(start, length).CopyTo(bytes.AsSpan(at));
            at += length;
        }

        return bytes;
    }

    public void AssertNothingAroundChanged()
    {
        if (_pages.Count > 0)
        {
            byte[] all = new byte[_pages.Length];
            _pages.CopyTo(all);
            Assert.Equal(-1, all.AsSpan(0, _offset).IndexOfAnyExcept(Around));
            Assert.Equal(-1, all.AsSpan(_offset + Length).IndexOfAnyExcept(Around));
            return;
        }

        int before = 0;
        foreach ((int start, int length) in _pieces.OrderBy(static piece => piece.Start))
        {
            Assert.Equal(-1, Arena[before..start].IndexOfAnyExcept(Around));
            before = start + length;
        }

        Assert.Equal(-1, Arena[before..].IndexOfAnyExcept(Around));
    }

    public void Dispose()
    {
        _memory?.Dispose();
        _pages.Dispose();
        foreach (PageList page in _between)
            page.Dispose();
        _reservation?.Dispose();
    }

    /// <summary>Cuts the length into pieces and gives each its place.</summary>
    /// <returns>The bytes that they and what is around them take.</returns>
    private int Cut(BufferShape shape, Random random)
    {
        bool whole = shape is BufferShape.Contiguous or BufferShape.Misaligned;
        List<int> lengths = [];
        for (int left = Length; left > 0; left -= lengths[^1])
        {
            int next = whole ? left : shape == BufferShape.Vectors ? 512 * random.Next(1, 3) : random.Next(1, 3000);
            lengths.Add(Math.Min(left, next));
        }

        int[] order = [.. Enumerable.Range(0, lengths.Count)];
        random.Shuffle(order);
        int[] starts = new int[order.Length];
        int end = 4096;
        foreach (int piece in order)
        {
            end += shape switch
            {
                BufferShape.Contiguous => 0,
                BufferShape.Vectors => 512,
                _ => random.Next(1, 200) | 1,
            };
            starts[piece] = end;
            end += lengths[piece];
        }

        for (int i = 0; i < starts.Length; i++)
            _pieces.Add((starts[i], lengths[i]));
        return end + 4096;
    }
#pragma warning restore CA5394

    /// <summary>Leaves every second page of the pool free.</summary>
    private void RentEverySecond(PageMemoryPool pool, int pages)
    {
        List<PageList> all = [];
        for (int i = 0; i < pages; i++)
            all.Add(pool.RentPages(1));
        for (int i = 0; i < pages; i++)
        {
            if (i % 2 == 0)
                all[i].Dispose();
            else
                _between.Add(all[i]);
        }
    }

    private IEnumerable<Memory<byte>> Pieces() => _pieces.Select(piece => _array.AsMemory(piece.Start, piece.Length));

    private ReadOnlySequence<byte> Sequence()
    {
        SequencePiece? first = null;
        SequencePiece? last = null;
        foreach (Memory<byte> piece in Pieces())
        {
            last = new SequencePiece(piece, last);
            first ??= last;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }
}
