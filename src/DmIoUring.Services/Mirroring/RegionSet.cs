namespace DmIoUring.Services.Mirroring;

/// <summary>A set of regions. Must be used with the mirror's lock held.</summary>
internal sealed class RegionSet(int regions)
{
    private readonly ulong[] _bits = new ulong[(regions + 63) / 64];

    /// <summary>How many are in the set.</summary>
    public int Count { get; private set; }

    public bool Any => Count > 0;

    public bool this[int region] => (_bits[region / 64] >> region % 64 & 1) != 0;

    public void Add(int region)
    {
        if (this[region])
            return;
        _bits[region / 64] |= 1UL << region % 64;
        Count++;
    }

    public void Remove(int region)
    {
        if (!this[region])
            return;
        _bits[region / 64] &= ~(1UL << region % 64);
        Count--;
    }
}
