namespace DmIoUring.Services.Mirroring;

/// <summary>The failures of a request by leg.</summary>
internal struct LegFailures
{
    private ulong _failed;
    private ulong _unsupported;
    private IoFailure _first;
    private IoFailure[]? _each;

    public readonly bool IsEmpty => (_failed | _unsupported) == 0;

    public readonly IoResult Result => new(new RegionBits(_failed), new RegionBits(_unsupported), _first);

    public readonly bool Has(MirrorLeg leg) => ((_failed | _unsupported) >> leg.Index & 1) != 0;

    public readonly bool IsUnsupported(MirrorLeg leg) => (_unsupported >> leg.Index & 1) != 0;

    /// <summary>Whether the leg's device could not, and not the host.</summary>
    public readonly bool IsMedium(MirrorLeg leg) => !IsUnsupported(leg) && _each![leg.Index].Cause == IoFailureCause.Device;

    /// <summary>Whether a leg's device could not.</summary>
    public readonly bool HasMedium
    {
        get
        {
            foreach (int leg in new RegionBits(_failed))
            {
                if (_each![leg].Cause == IoFailureCause.Device)
                    return true;
            }

            return false;
        }
    }

    /// <summary>The legs that are in both.</summary>
    public readonly LegFailures And(in LegFailures other)
    {
        LegFailures both = default;
        foreach (int leg in new RegionBits((_failed | _unsupported) & (other._failed | other._unsupported)))
            both.Add(leg, _each![leg], (_unsupported >> leg & 1) != 0);
        return both;
    }

    /// <summary>Whether the host is to blame, or the request, and not the leg's medium: the data is missing there all the same.</summary>
    public static bool IsHostFailure(IoFailure failure, bool isUnsupported) =>
        isUnsupported || failure.Cause is IoFailureCause.Host or IoFailureCause.RingLost or IoFailureCause.RetriesExhausted;

    public readonly string Reason(MirrorLeg leg) => _each![leg.Index].ToString();

    public void Add(MirrorLeg leg, IoFailure failure, bool isUnsupported) => Add(leg.Index, failure, isUnsupported);

    public void Add(in LegFailures others)
    {
        foreach (int leg in new RegionBits(others._failed | others._unsupported))
            Add(leg, others._each![leg], (others._unsupported >> leg & 1) != 0);
    }

    private void Add(int leg, IoFailure failure, bool isUnsupported)
    {
        failure = failure with { Region = leg };
        _each ??= new IoFailure[IoRegion.MaxRegions];
        _each[leg] = failure;
        if (isUnsupported)
            _unsupported |= 1UL << leg;
        else
            _failed |= 1UL << leg;
        if (_first.Cause == IoFailureCause.None || leg < _first.Region)
            _first = failure;
    }

    /// <summary>The failures of a request whose regions are <paramref name="call"/>'s legs.</summary>
    public static LegFailures Of(IoResult result, MirrorCall call)
    {
        LegFailures failures = default;
        foreach (int region in result.Failed | result.Unsupported)
            failures.Add(call.Legs[region], call.Failure(result, region), result.Unsupported[region]);
        return failures;
    }
}
