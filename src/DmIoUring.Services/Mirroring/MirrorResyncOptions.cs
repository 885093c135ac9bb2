namespace DmIoUring.Services;

/// <summary>How a mirror is resynchronized: see <see cref="MirrorDevice.ResyncAsync"/>.</summary>
public sealed record MirrorResyncOptions
{
    /// <summary>Limits how fast it copies; it can be shared with other jobs. <see langword="null"/>: as fast as the devices are.</summary>
    public CopyThrottle? Throttle { get; init; }

    /// <summary>
    /// Told after each region, on the thread pool, one at a time; the copy waits for it, so it must not wait for the resync or for the mirror's disposal. An exception in it is traced.
    /// </summary>
    public IProgress<MirrorResyncProgress>? Progress { get; init; }
}
