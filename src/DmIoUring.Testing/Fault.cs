namespace DmIoUring.ScratchDevices;

/// <summary>Something that goes wrong on a <see cref="FaultFile"/> from its making until <see cref="Dispose"/>. Any thread may use it.</summary>
public sealed class Fault : IDisposable
{
    private readonly FaultFile _file;

    internal Fault(FaultFile file, MediumOperations operations, long firstSector, long sectors, int times)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstSector);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sectors);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        _file = file;
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
    public int Hits => _file.Locked(() => Struck);

    internal int Errno { get; init; }

    internal TimeSpan Delay { get; init; }

    internal int Most { get; init; } = int.MaxValue;

    /// <summary>The requests that it holds, in order of arrival; <see langword="null"/> when it holds none.</summary>
    internal List<FuseRequest>? Held { get; init; }

    internal int Struck { get; set; }

    /// <summary>Waits until it has struck a number of times.</summary>
    /// <param name="hits">How often.</param>
    /// <param name="limit">How long to wait at most.</param>
    /// <returns>Whether it has.</returns>
    public bool WaitForHits(int hits, TimeSpan limit) => _file.WaitUntil(() => Struck >= hits, limit);

    /// <summary>Ends the fault. Requests that it held go on.</summary>
    public void Dispose() => _file.End(this);

    internal bool Strikes(FuseRequest request)
    {
        if (Struck == Times || (Operations & request.Operation) == 0)
            return false;
        if (request.Operation == MediumOperations.Flush)
            return true;
        long first = request.Offset / VolatileMedium.SectorSize;
        long last = (request.Offset + request.Length - 1) / VolatileMedium.SectorSize;
        return last >= FirstSector && first - FirstSector < Sectors;
    }
}
