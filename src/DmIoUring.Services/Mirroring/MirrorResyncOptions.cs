namespace DmIoUring.Services;

/// <summary>How a mirror is resynchronized: see <see cref="MirrorDevice.ResyncAsync"/>.</summary>
public sealed record MirrorResyncOptions
{
    /// <summary>Limits how fast it copies; it can be shared with other jobs. <see langword="null"/>: as fast as the devices are.</summary>
    public CopyThrottle? Throttle { get; init; }

    /// <summary>Told after each region, one at a time.</summary>
    public IProgress<MirrorResyncProgress>? Progress { get; init; }
}
