using DmIoUring.Services;

namespace DmIoUring.Cli.Mirroring;

/// <summary>How far a resync is; written by the job, looked at by whoever draws it.</summary>
internal sealed class MirrorProgress : IProgress<MirrorResyncProgress>
{
    private long _regions;
    private long _done;

    /// <summary>Regions that have to be copied; 0 while that is not known.</summary>
    public long Regions => Interlocked.Read(ref _regions);

    public long DoneRegions => Interlocked.Read(ref _done);

    /// <summary>Bytes of a region, once the mirror is open.</summary>
    public long RegionBytes { get; set; }

    public void Report(MirrorResyncProgress value)
    {
        Interlocked.Exchange(ref _regions, value.Regions);
        Interlocked.Exchange(ref _done, value.DoneRegions);
    }
}
