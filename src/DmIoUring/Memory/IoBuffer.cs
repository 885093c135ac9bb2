using System.Runtime.InteropServices;

namespace DmIoUring;

/// <summary>
/// The memory of one request. Every region of the request starts at the buffer's beginning and takes its own count.
/// </summary>
/// <remarks>
/// <para>Made from native memory (<see cref="Contiguous(void*, long)"/>, <see cref="IoMemory"/>) or from
/// <see cref="Memory{T}"/>, which is pinned until the request has ended. Nothing is copied.</para>
/// <para>The buffer belongs to the engine from the call until the request ends: until a synchronous call returns,
/// the callback runs, or the <see cref="ValueTask{TResult}"/> completes. What a read leaves in it before then, and
/// what a write changed in it meanwhile puts on the devices, is undefined.</para>
/// <para>On a device opened for direct I/O the address must be a multiple of <see cref="BlockDevice.MemoryAlignment"/>.</para>
/// </remarks>
public readonly unsafe struct IoBuffer
{
    private IoBuffer(Memory<byte> memory, byte* pointer, long length, bool readOnly)
    {
        Memory = memory;
        Pointer = pointer;
        Length = length;
        IsReadOnly = readOnly;
    }

    /// <summary>Bytes in the buffer.</summary>
    public long Length { get; }

    /// <summary>Whether the buffer can only be written from, never read into.</summary>
    public bool IsReadOnly { get; }

    internal Memory<byte> Memory { get; }

    /// <summary>Null when the bytes are in <see cref="Memory"/>.</summary>
    internal byte* Pointer { get; }

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
        return new IoBuffer(default, (byte*)pointer, length, readOnly: false);
    }

    /// <summary>Managed or native memory behind <see cref="Memory{T}"/>; pinned until the request has ended.</summary>
    /// <param name="memory">The memory.</param>
    /// <returns>The buffer.</returns>
    public static IoBuffer From(Memory<byte> memory) => new(memory, null, memory.Length, readOnly: false);

    /// <summary>Memory to write from; a read into it is refused.</summary>
    /// <param name="memory">The memory.</param>
    /// <returns>The buffer.</returns>
    public static IoBuffer From(ReadOnlyMemory<byte> memory) =>
        new(MemoryMarshal.AsMemory(memory), null, memory.Length, readOnly: true);

    /// <inheritdoc cref="From(Memory{byte})"/>
    public static implicit operator IoBuffer(Memory<byte> memory) => From(memory);

    /// <inheritdoc cref="From(ReadOnlyMemory{byte})"/>
    public static implicit operator IoBuffer(ReadOnlyMemory<byte> memory) => From(memory);

    /// <summary>An array; pinned until the request has ended. Rarely aligned enough for direct I/O: see <see cref="IoMemory"/>.</summary>
    /// <param name="array">The array.</param>
    public static implicit operator IoBuffer(byte[] array)
    {
        ArgumentNullException.ThrowIfNull(array);
        return From(array.AsMemory());
    }

    /// <summary>Native memory.</summary>
    /// <param name="memory">The memory.</param>
    public static implicit operator IoBuffer(IoMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return memory.ToBuffer();
    }
}
