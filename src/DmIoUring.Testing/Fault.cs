namespace DmIoUring.Testing;

/// <summary>Something that goes wrong on a <see cref="FaultyMedium"/> from its making until <see cref="Dispose"/>. Any thread may use it.</summary>
public sealed class Fault : IDisposable
{
    private readonly FaultyMedium _medium;

    internal Fault(FaultyMedium medium, MediumOperations operations, long firstSector, long sectors, int times)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstSector);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sectors);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        _medium = medium;
        Operations = operations;
        FirstSector = firstSector;
        Sectors = sectors;
        Times = times;
    }

    /// <summary>What it strikes.</summary>
    public MediumOperations Operations { get; }

    /// <summary>The first of the sectors that it strikes, of 512 bytes.</summary>
    public long FirstSector { get; }

    /// <summary>How many sectors it strikes. A flush has no sectors, and is struck whatever they are.</summary>
    public long Sectors { get; }

    /// <summary>How often it strikes at most.</summary>
    public int Times { get; }

    /// <summary>How often it has struck.</summary>
    public int Hits => _medium.Locked(() => Struck);

    internal int Errno { get; init; }

    internal TimeSpan Delay { get; init; }

    internal long Most { get; init; } = long.MaxValue;

    /// <summary>The requests that it holds, in order of arrival; <see langword="null"/> when it holds none.</summary>
    internal List<MediumCall>? Held { get; init; }

    internal int Struck { get; set; }

    /// <summary>Waits until it has struck a number of times.</summary>
    /// <param name="hits">How often.</param>
    /// <param name="limit">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <returns>Whether it has.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is negative.</exception>
    public bool WaitForHits(int hits, TimeSpan limit)
    {
        if (limit != Timeout.InfiniteTimeSpan)
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, TimeSpan.Zero);
        return _medium.WaitUntil(() => Struck >= hits, limit);
    }

    /// <summary>Ends the fault. Requests that it held go on.</summary>
    public void Dispose() => _medium.End(this);

    internal bool Strikes(MediumCall call)
    {
        if (Struck == Times || (Operations & call.Operation) == 0)
            return false;
        if (call.Operation == MediumOperations.Flush)
            return true;
        long first = call.Offset / VolatileMedium.SectorSize;
        long last = (call.Offset + call.Length - 1) / VolatileMedium.SectorSize;
        return last >= FirstSector && first - FirstSector < Sectors;
    }
}
