using System.Buffers;
using System.Runtime.InteropServices;

namespace DmIoUring;

/// <summary>
/// The memory of one request: one piece, an array of vectors, or a list of pages, dm-io's three data services. Every region
/// of the request starts at the buffer's beginning, or at its own <see cref="IoRegion.BufferOffset"/>, and takes its own
/// count.
/// </summary>
/// <remarks>
/// <para>Nothing is copied. Managed memory is pinned until the request has ended; native memory must stay allocated until
/// then, and so must the array behind <see cref="Vectors"/> stay unchanged.</para>
/// <para>The buffer belongs to the engine from the call until the request ends: until a synchronous call returns,
/// the callback runs, or the <see cref="ValueTask{TResult}"/> completes. What a read leaves in it before then, and
/// what a write changed in it meanwhile puts on the devices, is undefined; <see cref="IoFlags.StableCopy"/> is the exception.</para>
/// <para>On a device opened for direct I/O, memory that is off <see cref="BlockDevice.MemoryAlignment"/> travels through
/// pages of the engine's own: right, and slower.</para>
/// </remarks>
[StructLayout(LayoutKind.Auto)]
public readonly unsafe struct IoBuffer
{
    private readonly ReadOnlySequence<byte> _sequence;

    private IoBuffer(
        IoBufferKind kind,
        long length,
        bool readOnly = false,
        Memory<byte> memory = default,
        byte* pointer = null,
        ReadOnlyMemory<IoVector> vectors = default,
        ReadOnlySequence<byte> sequence = default,
        ReadOnlyMemory<Memory<byte>> segments = default,
        PageList pages = default,
        int firstOffset = 0,
        IoMemory? owner = null)
    {
        Kind = kind;
        Length = length;
        IsReadOnly = readOnly;
        Memory = memory;
        Pointer = pointer;
        VectorArray = vectors;
        _sequence = sequence;
        Segments = segments;
        PageList = pages;
        FirstOffset = firstOffset;
        Owner = owner;
    }

    /// <summary>Bytes in the buffer.</summary>
    public long Length { get; }

    /// <summary>Whether the buffer can only be written from, never read into.</summary>
    public bool IsReadOnly { get; }

    internal IoBufferKind Kind { get; }

    internal Memory<byte> Memory { get; }

    internal byte* Pointer { get; }

    /// <summary>Whose memory <see cref="Pointer"/> points to, when it is known.</summary>
    internal IoMemory? Owner { get; }

    internal ReadOnlyMemory<IoVector> VectorArray { get; }

    internal ReadOnlySequence<byte> Sequence => _sequence;

    internal ReadOnlyMemory<Memory<byte>> Segments { get; }

    internal PageList PageList { get; }

    /// <summary>Bytes of the first page that are not part of the buffer.</summary>
    internal int FirstOffset { get; }

    /// <summary>One contiguous piece of native memory; dm-io's vmalloc'd buffer.</summary>
    /// <param name="pointer">Its first byte. The memory must stay allocated until the request has ended.</param>
    /// <param name="length">Its length in bytes; over 2 GiB is fine.</param>
    /// <returns>The buffer.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="pointer"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    public static IoBuffer Contiguous(void* pointer, long length)
    {
        ArgumentNullException.ThrowIfNull(pointer);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new IoBuffer(IoBufferKind.Native, length, pointer: (byte*)pointer);
    }

    /// <summary>Keeps a buffer of one piece where it is, and allocated when its owner is known.</summary>
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

    internal static IoBuffer Owned(IoMemory owner, byte* pointer, long length) =>
        new(IoBufferKind.Native, length, pointer: pointer, owner: owner);

    /// <summary>Native memory in pieces, in their order; dm-io's <c>bio_vec</c> array.</summary>
    /// <param name="vectors">
    /// The pieces: any number of any sizes, none of them empty. The array is not copied: leave it alone until the request has
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

        return new IoBuffer(IoBufferKind.Vectors, length, vectors: vectors);
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
        return new IoBuffer(IoBufferKind.Pages, Math.Max(0, pages.Length - offset), pages: pages, firstOffset: offset);
    }

    /// <summary>Managed or native memory behind <see cref="Memory{T}"/>, in pieces, in their order; each is pinned until the request has ended.</summary>
    /// <param name="segments">The pieces, none of them empty. Not looked at after the submitting call returns.</param>
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

        return new IoBuffer(IoBufferKind.Segments, length, segments: segments);
    }

    /// <summary>A sequence to write from; each piece is pinned until the request has ended. A read into it is refused.</summary>
    /// <param name="sequence">The sequence. Its segments must not go back to their owner until the request has ended.</param>
    /// <returns>The buffer.</returns>
    public static IoBuffer From(ReadOnlySequence<byte> sequence) =>
        new(IoBufferKind.Sequence, sequence.Length, readOnly: true, sequence: sequence);

    /// <summary>Managed or native memory behind <see cref="Memory{T}"/>; pinned until the request has ended.</summary>
    /// <param name="memory">The memory.</param>
    /// <returns>The buffer.</returns>
    public static IoBuffer From(Memory<byte> memory) => new(IoBufferKind.Memory, memory.Length, memory: memory);

    /// <summary>Memory to write from; a read into it is refused.</summary>
    /// <param name="memory">The memory.</param>
    /// <returns>The buffer.</returns>
    public static IoBuffer From(ReadOnlyMemory<byte> memory) =>
        new(IoBufferKind.Memory, memory.Length, readOnly: true, memory: MemoryMarshal.AsMemory(memory));

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
