namespace DmIoUring.Services.Mirroring;

/// <summary>What a request to several legs needs, from a pool: its legs as they were when it was submitted, their regions, and a report.</summary>
internal sealed class MirrorCall
{
    /// <summary>Those of 64 MiB, 64 KiB of memory: a larger write makes an array of its own.</summary>
    private const int MostKeptChecksums = 1 << 14;

    private readonly IoRegion[] _regions = new IoRegion[IoRegion.MaxRegions];
    private readonly IoReport _report = new();

    /// <summary>The checksums of what is written. A field, so that it can grow by reference.</summary>
    public uint[] Checksums = [];

    /// <summary>Region i of the request is this leg.</summary>
    public MirrorLeg[] Legs { get; set; } = [];

    /// <summary>Of several regions; the result of one has its failure, and a request without a report goes a shorter way.</summary>
    public IoReport? Report => Legs.Length > 1 ? _report : null;

    public ReadOnlySpan<IoRegion> Regions(long sector, long count)
    {
        for (int i = 0; i < Legs.Length; i++)
            _regions[i] = new IoRegion(Legs[i].Device!, sector, count);
        return _regions.AsSpan(0, Legs.Length);
    }

    /// <summary>How a region of the request failed.</summary>
    public IoFailure Failure(IoResult result, int region) => Legs.Length > 1 ? _report[region] : result.First;

    /// <summary>For its pool: it keeps no device alive.</summary>
    public void Clear()
    {
        _regions.AsSpan(0, Legs.Length).Clear();
        Legs = [];
        if (Checksums.Length > MostKeptChecksums)
            Checksums = [];
    }
}
