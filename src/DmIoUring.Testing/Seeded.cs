using System.Runtime.InteropServices;

namespace DmIoUring.Testing;

/// <summary>Numbers that a seed decides, the same everywhere and for ever: SplitMix64.</summary>
internal struct Seeded
{
    private ulong _state;

    /// <summary>A sequence for what the parts name: it does not depend on how often others were drawn from.</summary>
    public static Seeded Of(params ReadOnlySpan<long> parts)
    {
        Seeded seeded = default;
        foreach (long part in parts)
            seeded._state = seeded.Next() ^ ((ulong)part * 0xD1B54A32D192ED03);
        return seeded;
    }

    /// <summary>0 to less than <paramref name="limit"/>.</summary>
    public int Below(int limit) => (int)BelowLong(limit);

    /// <inheritdoc cref="Below"/>
    public long BelowLong(long limit) => (long)Math.BigMul(Next(), (ulong)limit, out _);

    /// <summary>Whether something happens that happens in a share of cases. Draws once, whatever the share is.</summary>
    public bool Happens(double share) => NextShare() < share;

    /// <summary>0 to less than 1.</summary>
    public double NextShare() => (Next() >> 11) * (1.0 / (1ul << 53));

    /// <summary>Bytes that mean nothing.</summary>
    public void Fill(Span<byte> bytes)
    {
        foreach (ref ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
            word = Next();
    }

    private ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong mixed = _state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
