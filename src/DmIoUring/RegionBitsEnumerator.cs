using System.Numerics;

namespace DmIoUring;

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
