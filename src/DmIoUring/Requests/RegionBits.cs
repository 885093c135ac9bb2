using System.Globalization;
using System.Numerics;

namespace DmIoUring;

/// <summary>A set of regions of one request: bit <i>i</i> is region <i>i</i>. dm-io's <c>error_bits</c>, 64 wide everywhere.</summary>
/// <param name="Value">The bits.</param>
public readonly record struct RegionBits(ulong Value)
{
    /// <summary>No region.</summary>
    public static RegionBits None => default;

    /// <summary>Whether no region is in the set.</summary>
    public bool IsEmpty => Value == 0;

    /// <summary>How many regions are in the set, 0 to 64.</summary>
    public int Count => BitOperations.PopCount(Value);

    /// <summary>The lowest region in the set, or -1 when it is empty.</summary>
    public int First => Value == 0 ? -1 : BitOperations.TrailingZeroCount(Value);

    /// <summary>Whether a region is in the set.</summary>
    /// <param name="region">The region's index in its request, 0 to 63.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="region"/> is not 0 to 63.</exception>
    public bool this[int region]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(region);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(region, IoRegion.MaxRegions);
            return (Value >> region & 1) != 0;
        }
    }

    /// <summary>The regions that are in either set.</summary>
    /// <param name="left">One set.</param>
    /// <param name="right">The other.</param>
    public static RegionBits operator |(RegionBits left, RegionBits right) => left.BitwiseOr(right);

    /// <summary>The regions that are in either set.</summary>
    /// <param name="other">The other set.</param>
    /// <returns>The union.</returns>
    public RegionBits BitwiseOr(RegionBits other) => new(Value | other.Value);

    /// <summary>The region indices in the set, ascending; enumerating allocates nothing.</summary>
    /// <returns>An enumerator for <see langword="foreach"/>.</returns>
    public RegionBitsEnumerator GetEnumerator() => new(Value);

    /// <summary>Binary, region 0 on the right: <c>0b010</c> is region 1 alone.</summary>
    /// <returns>At least one digit, no leading zeroes.</returns>
    public override string ToString() => "0b" + Value.ToString("b", CultureInfo.InvariantCulture);
}

/// <summary>Walks the region indices of a <see cref="RegionBits"/>, ascending.</summary>
public struct RegionBitsEnumerator
{
    private ulong _rest;

    internal RegionBitsEnumerator(ulong bits)
    {
        _rest = bits;
        Current = -1;
    }

    /// <summary>The region index.</summary>
    public int Current { get; private set; }

    /// <summary>Goes to the next region of the set.</summary>
    /// <returns>Whether there is one.</returns>
    public bool MoveNext()
    {
        if (_rest == 0)
            return false;
        Current = BitOperations.TrailingZeroCount(_rest);
        _rest &= _rest - 1;
        return true;
    }
}
