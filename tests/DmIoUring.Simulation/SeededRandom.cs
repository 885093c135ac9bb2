namespace DmIoUring.Simulation;

/// <summary>SplitMix64: the same numbers for a seed on every runtime, which <see cref="Random"/> does not promise.</summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong NextBits()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    public int Next(int below) => (int)(NextBits() % (ulong)below);

    public int Next(int least, int below) => least + Next(below - least);

    public long NextLong(long least, long below) => least + (long)(NextBits() % (ulong)(below - least));

    /// <summary>True that often; never for 0.</summary>
    public bool Percent(int percent) => Next(100) < percent;

    public bool OneIn(int count) => Next(count) == 0;

    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Next(choices.Length)];

    public SeededRandom Branch() => new(NextBits());

    public void Fill(Span<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            BitConverter.TryWriteBytes(bytes, NextBits());
            bytes = bytes[sizeof(ulong)..];
        }

        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)NextBits();
    }
}
