namespace DmIoUring.Cli;

/// <summary>SplitMix64: the same numbers for the same seed on every host and every version of .NET, and cheap enough to fill blocks with.</summary>
internal struct SeededSequence(ulong seed)
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private ulong _state = seed;

    /// <summary>A seed of its own for a part of the run, so that parts don't share numbers.</summary>
    public static ulong Combine(ulong seed, ulong part) => new SeededSequence(seed ^ (part + 1) * Step).Next();

    public ulong Next()
    {
        _state += Step;
        ulong value = _state;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>0 to <paramref name="end"/> - 1.</summary>
    public long Below(long end) => (long)Math.BigMul(Next(), (ulong)end, out _);

    public int Below(int end) => (int)Below((long)end);

    public bool OneIn(int times) => Below(times) == 0;
}
