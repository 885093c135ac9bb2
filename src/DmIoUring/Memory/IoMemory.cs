using System.Buffers;
using System.Runtime.InteropServices;

namespace DmIoUring;

/// <summary>Zeroed native memory that starts on a page: aligned for direct I/O on every device, never moved, never scanned.</summary>
/// <remarks>
/// When it is disposed while a request uses it, the bytes are freed when the request has ended; spans are not counted. Any thread
/// may use it; access to the bytes is not synchronised. It has no finalizer (a span may outlive the last reference to the owner): without Dispose it leaks.
/// It adds no memory pressure to the garbage collector, which could not free it.
/// </remarks>
public sealed unsafe class IoMemory : MemoryManager<byte>
{
    /// <summary>The alignment of the first byte.</summary>
    public const int Alignment = 4096;

    private const long Disposed = 1L << 60;
    private const long Freed = 1L << 61;

    private readonly byte* _pointer;

    /// <summary>How often it is pinned, and the flags <see cref="Disposed"/> and <see cref="Freed"/>.</summary>
    private long _pins;

    private IoMemory(byte* pointer, long length)
    {
        _pointer = pointer;
        Length = length;
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>The first byte.</summary>
    /// <exception cref="ObjectDisposedException">The memory was freed.</exception>
    public void* Pointer
    {
        get
        {
            ThrowIfDisposed();
            return _pointer;
        }
    }

    /// <summary>Allocates zeroed memory on a page boundary.</summary>
    /// <param name="length">Bytes, at least 1. It may be over 2 GiB, but then <see cref="GetSpan"/> and Memory cover the first 2 GiB only.</param>
    /// <returns>The memory; dispose it to free it.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">The host has too little memory.</exception>
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
        return IoBuffer.Owned(this, (byte*)Pointer + offset, length);
    }

    /// <summary>All of it as the buffer of a request.</summary>
    /// <returns>The buffer.</returns>
    public IoBuffer ToBuffer() => IoBuffer.Owned(this, (byte*)Pointer, Length);

    /// <summary>Frees the memory. No request may be using it.</summary>
    public void Dispose() => ((IDisposable)this).Dispose();

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => new(Pointer, (int)Math.Min(Length, int.MaxValue));

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, Length);
        AddPin();
        return new MemoryHandle(_pointer + elementIndex, pinnable: this);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        if (Interlocked.Decrement(ref _pins) == Disposed)
            FreeIfLast();
    }

    /// <summary>Keeps the memory allocated until <see cref="Unpin"/>.</summary>
    /// <exception cref="ObjectDisposedException">The memory was disposed.</exception>
    internal void AddPin()
    {
        if (!TryAddPin())
            ThrowIfDisposed();
    }

    /// <summary>The same without an exception.</summary>
    /// <returns>Whether it is pinned; false when it was disposed.</returns>
    internal bool TryAddPin()
    {
        if (Interlocked.Increment(ref _pins) < Disposed)
            return true;
        Unpin();
        return false;
    }

    /// <summary>The first byte, also of disposed memory: for a caller that has pinned it.</summary>
    internal byte* FirstByte => _pointer;

    /// <summary>How often it is pinned.</summary>
    internal long Pins => Volatile.Read(ref _pins) & (Disposed - 1);

    internal bool IsFreed => Volatile.Read(ref _pins) >= Freed;

    internal bool IsDisposed => Volatile.Read(ref _pins) >= Disposed;

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Interlocked.Or(ref _pins, Disposed);
        FreeIfLast();
    }

    /// <summary>Frees disposed memory that is not pinned. A compare-and-exchange ensures that only one thread frees it.</summary>
    private void FreeIfLast()
    {
        if (Interlocked.CompareExchange(ref _pins, Disposed | Freed, Disposed) != Disposed)
            return;
        NativeMemory.AlignedFree(_pointer);
    }
}
