using System.Runtime.InteropServices;

namespace DmIoUring;

/// <summary>One piece of native memory of a scattered buffer; dm-io's <c>struct bio_vec</c>, laid out as <c>struct iovec</c>.</summary>
/// <param name="pointer">The first byte. The memory must stay allocated until the request has ended.</param>
/// <param name="length">Bytes.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly unsafe struct IoVector(void* pointer, nuint length) : IEquatable<IoVector>
{
    private readonly void* _pointer = pointer;
    private readonly nuint _length = length;

    /// <summary>The first byte.</summary>
    public void* Pointer => _pointer;

    /// <summary>Bytes.</summary>
    public nuint Length => _length;

    /// <summary>Whether both are the same piece.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(IoVector left, IoVector right) => left.Equals(right);

    /// <summary>Whether they are different pieces.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(IoVector left, IoVector right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(IoVector other) => _pointer == other._pointer && _length == other._length;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IoVector other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine((nint)_pointer, _length);
}
