using System.Buffers;
using System.Runtime.InteropServices;

namespace DmIoUring;

/// <summary>Zeroed native memory that starts on a page: aligned for direct I/O on every device, never moved, never scanned.</summary>
/// <remarks>
/// Dispose it only when no request uses it: the bytes are freed at once. Any thread may use it; nothing here is
/// synchronised. It has no finalizer (a span may outlive the last reference to the owner): forgotten, it leaks.
/// </remarks>
public sealed unsafe class IoMemory : MemoryManager<byte>
{
    /// <summary>The alignment of the first byte.</summary>
    public const int Alignment = 4096;

    private byte* _pointer;

    private IoMemory(byte* pointer, long length)
    {
        _pointer = pointer;
        Length = length;
        GC.AddMemoryPressure(length);
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>The first byte.</summary>
    /// <exception cref="ObjectDisposedException">The memory was freed.</exception>
    public void* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer is null, this);
            return _pointer;
        }
    }

    /// <summary>Allocates zeroed memory on a page boundary.</summary>
    /// <param name="length">Bytes, at least 1; over 2 GiB is fine, but then <see cref="GetSpan"/> and Memory cover the first 2 GiB only.</param>
    /// <returns>The memory; dispose it to free it.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">The host has not that much.</exception>
    public static IoMemory Allocate(long length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        byte* pointer = (byte*)NativeMemory.AlignedAlloc((nuint)length, Alignment);
        NativeMemory.Clear(pointer, (nuint)length);
        return new IoMemory(pointer, length);
    }

    /// <summary>A part of the memory as the buffer of a request.</summary>
    /// <param name="offset">Where it starts, in bytes.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <returns>The buffer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the memory.</exception>
    public IoBuffer Slice(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        return IoBuffer.Contiguous((byte*)Pointer + offset, length);
    }

    /// <summary>All of it as the buffer of a request.</summary>
    /// <returns>The buffer.</returns>
    public IoBuffer ToBuffer() => IoBuffer.Contiguous(Pointer, Length);

    /// <summary>Frees the memory. No request may be using it.</summary>
    public void Dispose() => ((IDisposable)this).Dispose();

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => new(Pointer, (int)Math.Min(Length, int.MaxValue));

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, Length);
        return new MemoryHandle((byte*)Pointer + elementIndex);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        byte* pointer = _pointer;
        _pointer = null;
        if (pointer is null)
            return;
        NativeMemory.AlignedFree(pointer);
        GC.RemoveMemoryPressure(Length);
    }
}
