using System.Buffers;
using System.Runtime.InteropServices;

namespace DmIoUring;

/// <summary>
/// The memory of one request: contiguous memory, an array of vectors, or a list of pages, as in dm-io's three data services. Every region
/// of the request starts at the buffer's beginning, or at its own <see cref="IoRegion.BufferOffset"/>, and uses as many bytes as it has
/// sectors.
/// </summary>
/// <remarks>
/// <para>Nothing is copied. Managed memory is pinned until the request has ended; native memory must stay allocated until
/// then, and so must the array behind <see cref="Vectors"/> stay unchanged.</para>
/// <para>The buffer belongs to the engine from the call until the request ends: until a synchronous call returns,
/// the callback runs, or the <see cref="ValueTask{TResult}"/> completes. The content of a read buffer before then, and
/// what is written when the buffer is changed before then, is undefined; <see cref="IoFlags.StableCopy"/> is the exception.</para>
/// <para>On a device opened for direct I/O, memory that is not aligned to <see cref="BlockDevice.MemoryAlignment"/> is copied through
/// a bounce buffer, which is slower.</para>
/// </remarks>
[StructLayout(LayoutKind.Explicit)]
public readonly unsafe partial struct IoBuffer
{
    // A buffer is passed with every request, so it fits in one cache line: the first 24 bytes hold one of several structs, each a reference
    // followed by numbers. _kind says which one.
    [FieldOffset(0)]
    private readonly Memory<byte> _memory;

    [FieldOffset(0)]
    private readonly ReadOnlyMemory<IoVector> _vectors;

    [FieldOffset(0)]
    private readonly ReadOnlyMemory<Memory<byte>> _segments;

    [FieldOffset(0)]
    private readonly PageList _pages;

    [FieldOffset(0)]
    private readonly IoMemory? _owner;

    [FieldOffset(8)]
    private readonly byte* _pointer;

    [FieldOffset(24)]
    private readonly ReadOnlySequence<byte> _sequence;

    [FieldOffset(48)]
    private readonly long _length;

    [FieldOffset(56)]
    private readonly int _firstOffset;

    [FieldOffset(60)]
    private readonly IoBufferKind _kind;

    [FieldOffset(61)]
    private readonly bool _isReadOnly;

    private IoBuffer(byte* pointer, long length, IoMemory? owner)
    {
        _owner = owner;
        _pointer = pointer;
        _length = length;
        _kind = IoBufferKind.Native;
    }

    private IoBuffer(Memory<byte> memory, bool isReadOnly)
    {
        _memory = memory;
        _length = memory.Length;
        _isReadOnly = isReadOnly;
    }

    private IoBuffer(ReadOnlyMemory<IoVector> vectors, long length)
    {
        _vectors = vectors;
        _length = length;
        _kind = IoBufferKind.Vectors;
    }

    private IoBuffer(ReadOnlyMemory<Memory<byte>> segments, long length)
    {
        _segments = segments;
        _length = length;
        _kind = IoBufferKind.Segments;
    }

    private IoBuffer(in ReadOnlySequence<byte> sequence)
    {
        _sequence = sequence;
        _length = sequence.Length;
        _isReadOnly = true;
        _kind = IoBufferKind.Sequence;
    }

    private IoBuffer(in PageList pages, int firstOffset)
    {
        _pages = pages;
        _length = Math.Max(0, pages.Length - firstOffset);
        _firstOffset = firstOffset;
        _kind = IoBufferKind.Pages;
    }

    /// <summary>Bytes in the buffer.</summary>
    public long Length => _length;

    /// <summary>Whether it can be the buffer of a write only.</summary>
    public bool IsReadOnly => _isReadOnly;

    internal IoBufferKind Kind => _kind;

    /// <summary>Whether it is only an address, which needs no pin.</summary>
    internal bool IsRawPointer => _kind == IoBufferKind.Native && _owner is null;

    /// <summary>Whether it is contiguous, or pages, which often are.</summary>
    internal bool MayBeContiguous => _kind is IoBufferKind.Native or IoBufferKind.Memory or IoBufferKind.Pages;

    internal Memory<byte> Memory => _memory;

    internal byte* Pointer => _pointer;

    /// <summary>The owner of the memory behind <see cref="Pointer"/>, when it is known.</summary>
    internal IoMemory? Owner => _owner;

    internal ReadOnlyMemory<IoVector> VectorArray => _vectors;

    internal ReadOnlySequence<byte> Sequence => _kind == IoBufferKind.Sequence ? _sequence : default;

    internal ReadOnlyMemory<Memory<byte>> Segments => _kind == IoBufferKind.Segments ? _segments : default;

    internal PageList PageList => _kind == IoBufferKind.Pages ? _pages : default;

    /// <summary>Bytes of the first page that are not part of the buffer.</summary>
    internal int FirstOffset => _firstOffset;

    /// <summary>Contiguous native memory; dm-io's vmalloc'd buffer.</summary>
    /// <param name="pointer">Its first byte. The memory must stay allocated until the request has ended.</param>
    /// <param name="length">Its length in bytes; it may be over 2 GiB.</param>
    /// <returns>The buffer.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="pointer"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    public static IoBuffer Contiguous(void* pointer, long length)
    {
        ArgumentNullException.ThrowIfNull(pointer);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new IoBuffer((byte*)pointer, length, owner: null);
    }

    /// <summary>Pins a contiguous buffer, and keeps its memory allocated when its owner is known.</summary>
    /// <exception cref="ObjectDisposedException">The memory was disposed.</exception>
    internal MemoryHandle Pin(out byte* start)
    {
        if (Kind == IoBufferKind.Native)
        {
            start = Pointer;
            return Owner?.Pin() ?? default;
        }

        MemoryHandle pin = Memory.Pin();
        start = (byte*)pin.Pointer;
        return pin;
    }

    /// <summary>Throws when the memory was disposed or the pages were returned, as far as that is known without pinning it.</summary>
    /// <exception cref="ObjectDisposedException">It was.</exception>
    internal void ThrowIfGone()
    {
        if (_kind == IoBufferKind.Native)
            _owner?.ThrowIfDisposed();
        else if (_kind == IoBufferKind.Pages)
            _pages.ThrowIfReturned();
    }

    internal static IoBuffer Owned(IoMemory owner, byte* pointer, long length) => new(pointer, length, owner);

    /// <summary>Native memory in pieces, in their order; dm-io's <c>bio_vec</c> array.</summary>
    /// <param name="vectors">
    /// The pieces: any number of any sizes, none of them empty. The array is not copied: don't change it until the request has
    /// ended.
    /// </param>
    /// <returns>The buffer.</returns>
    /// <exception cref="ArgumentException">A piece is null or empty, or together they are longer than 2^63 - 1 bytes.</exception>
    public static IoBuffer Vectors(ReadOnlyMemory<IoVector> vectors)
    {
        long length = 0;
        ReadOnlySpan<IoVector> span = vectors.Span;
        for (int i = 0; i < span.Length; i++)
        {
            if (span[i].Pointer is null || span[i].Length == 0)
                throw new ArgumentException(FormattableString.Invariant($"Vector {i} is null or empty: give every one memory, or leave it out."), nameof(vectors));
            if (span[i].Length > (nuint)(long.MaxValue - length))
                throw new ArgumentException(FormattableString.Invariant($"Vector {i} has {span[i].Length} bytes, which takes the sum past 2^63 - 1."), nameof(vectors));
            length += (long)span[i].Length;
        }

        return new IoBuffer(vectors, length);
    }

    /// <summary>Pages of a client's pool; dm-io's <c>page_list</c> with an offset.</summary>
    /// <param name="pages">The pages. They can't be returned to the pool until the request has ended.</param>
    /// <param name="offset">Where in the first page the buffer begins, in bytes, less than a page; each page after it is whole.</param>
    /// <returns>The buffer, as long as the pages less the offset.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="offset"/> is not inside the first page.</exception>
    public static IoBuffer Pages(PageList pages, int offset = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, PageList.PageSize);
        return new IoBuffer(pages, offset);
    }

    /// <summary>Managed or native memory behind <see cref="Memory{T}"/>, in pieces, in their order; each is pinned until the request has ended.</summary>
    /// <param name="segments">The pieces, none of them empty. The array is not used after the submitting call returns.</param>
    /// <returns>The buffer.</returns>
    /// <exception cref="ArgumentException">A piece is empty.</exception>
    public static IoBuffer From(ReadOnlyMemory<Memory<byte>> segments)
    {
        long length = 0;
        ReadOnlySpan<Memory<byte>> span = segments.Span;
        for (int i = 0; i < span.Length; i++)
        {
            if (span[i].IsEmpty)
                throw new ArgumentException(FormattableString.Invariant($"Segment {i} is empty: give every one memory, or leave it out."), nameof(segments));
            length += span[i].Length;
        }

        return new IoBuffer(segments, length);
    }

    /// <summary>A read-only sequence; each piece is pinned until the request has ended. It can't be the buffer of a read.</summary>
    /// <param name="sequence">The sequence. Its segments must not go back to their owner until the request has ended.</param>
    /// <returns>The buffer.</returns>
    public static IoBuffer From(ReadOnlySequence<byte> sequence) => new(sequence);

    /// <summary>Managed or native memory behind <see cref="Memory{T}"/>; pinned until the request has ended.</summary>
    /// <param name="memory">The memory.</param>
    /// <returns>The buffer.</returns>
    public static IoBuffer From(Memory<byte> memory) => new(memory, isReadOnly: false);

    /// <summary>Read-only memory, pinned until the request has ended. It can't be the buffer of a read.</summary>
    /// <param name="memory">The memory.</param>
    /// <returns>The buffer.</returns>
    public static IoBuffer From(ReadOnlyMemory<byte> memory) => new(MemoryMarshal.AsMemory(memory), isReadOnly: true);

    /// <inheritdoc cref="From(Memory{byte})"/>
    public static implicit operator IoBuffer(Memory<byte> memory) => From(memory);

    /// <inheritdoc cref="From(ReadOnlyMemory{byte})"/>
    public static implicit operator IoBuffer(ReadOnlyMemory<byte> memory) => From(memory);

    /// <inheritdoc cref="From(ReadOnlySequence{byte})"/>
    public static implicit operator IoBuffer(ReadOnlySequence<byte> sequence) => From(sequence);

    /// <summary>An array; pinned until the request has ended.</summary>
    /// <param name="array">The array.</param>
    public static implicit operator IoBuffer(byte[] array)
    {
        ArgumentNullException.ThrowIfNull(array);
        return From(array.AsMemory());
    }

    /// <inheritdoc cref="Pages"/>
    public static implicit operator IoBuffer(PageList pages) => Pages(pages);

    /// <summary>Native memory.</summary>
    /// <param name="memory">The memory.</param>
    public static implicit operator IoBuffer(IoMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return memory.ToBuffer();
    }
}

/// <summary>What an <see cref="IoBuffer"/> was made from.</summary>
internal enum IoBufferKind : byte
{
    /// <summary>Contiguous memory behind <see cref="Memory{T}"/>; also the empty buffer.</summary>
    Memory,

    /// <summary>Contiguous native memory.</summary>
    Native,

    /// <summary>An array of native pieces.</summary>
    Vectors,

    /// <summary>An array of pieces behind <see cref="Memory{T}"/>.</summary>
    Segments,

    /// <summary>A read-only sequence.</summary>
    Sequence,

    /// <summary>Pages of a pool.</summary>
    Pages,
}
