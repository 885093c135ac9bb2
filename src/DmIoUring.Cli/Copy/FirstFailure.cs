namespace DmIoUring.Cli.Copy;

/// <summary>Keeps the failure with the lowest place: pieces end in any order, reports should not depend on it.</summary>
internal sealed class FirstFailure
{
    private readonly Lock _lock = new();

    private long _sector = long.MaxValue;

    public bool IsSet => Sector != long.MaxValue;

    public CopyPhase Phase { get; private set; }

    /// <summary>The first sector of the piece that failed; larger than any before one has.</summary>
    public long Sector => Volatile.Read(ref _sector);

    /// <summary>How many sectors the piece has.</summary>
    public long Count { get; private set; }

    /// <summary>What the kernel said; null when it said nothing and the data differ.</summary>
    public IoFailure? Failure { get; private set; }

    public void Note(CopyPhase phase, long sector, long count, IoFailure? failure)
    {
        lock (_lock)
        {
            if (sector >= _sector)
                return;
            Phase = phase;
            Count = count;
            Failure = failure;
            Volatile.Write(ref _sector, sector);
        }
    }
}
