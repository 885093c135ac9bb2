namespace DmIoUring.Services;

/// <summary>What has failed in a job. Under the service's lock.</summary>
internal sealed class CopyFailures(IoRegion[] destinations)
{
    private readonly IoFailure[] _destinations = new IoFailure[destinations.Length];
    private readonly List<CopyRange> _notRead = [];
    private ulong _failed;
    private ulong _unsupported;

    public IoFailure Source { get; private set; }

    public RegionBits Failed => new(_failed);

    /// <summary>A destination is in one of the two sets: to have failed outweighs.</summary>
    public RegionBits Unsupported => new(_unsupported & ~_failed);

    public ulong Bits => _failed | _unsupported;

    public bool HasAny => Source.Cause != IoFailureCause.None || Bits != 0;

    public bool HasAllDestinations => Bits == AllDestinations;

    public ulong AllDestinations => ulong.MaxValue >> (IoRegion.MaxRegions - destinations.Length);

    public IoFailure this[int destination] => _destinations[destination];

    public void NoteSource(in IoFailure failure)
    {
        if (Source.Cause == IoFailureCause.None || failure.Sector < Source.Sector)
            Source = failure with { Region = 0 };
    }

    public void NoteDestination(int destination, in IoFailure failure, bool isUnsupported)
    {
        if (isUnsupported)
            _unsupported |= 1UL << destination;
        else
            _failed |= 1UL << destination;
        ref IoFailure known = ref _destinations[destination];
        if (known.Cause == IoFailureCause.None || failure.Sector < known.Sector)
            known = failure with { Region = destination };
    }

    /// <summary>A destination's first failure, in sectors from the beginning of its region.</summary>
    public long FirstFailed(int destination) => (Bits >> destination & 1) == 0 ? long.MaxValue : _destinations[destination].Sector - destinations[destination].Sector;

    public void NoteNotRead(long sector, long count)
    {
        if (_notRead.Count > 0 && _notRead[^1] is { } last && last.Sector + last.Count == sector)
            _notRead[^1] = last with { Count = last.Count + count };
        else
            _notRead.Add(new CopyRange(sector, count));
    }

    /// <summary>Ascending; neighbours are one.</summary>
    public CopyRange[] NotRead()
    {
        CopyRange[] noted = [.. _notRead];
        Array.Sort(noted, static (one, other) => one.Sector.CompareTo(other.Sector));
        _notRead.Clear();
        foreach (CopyRange range in noted)
            NoteNotRead(range.Sector, range.Count);
        return [.. _notRead];
    }

    public IoFailure[] Destinations() => [.. _destinations];
}
