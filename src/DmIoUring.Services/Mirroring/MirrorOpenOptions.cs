namespace DmIoUring.Services;

/// <summary>What is allowed when an existing mirror is opened: see <see cref="MirrorDevice.OpenAsync"/>.</summary>
public sealed record MirrorOpenOptions
{
    /// <summary>
    /// Whether it may be opened without all of its legs. What is written then is missing on the others. A leg that is missing here and is used elsewhere without these is the
    /// way to a split mirror. A leg that was away and does not know it can't be told from one that is right when it is opened alone.
    /// </summary>
    public bool AllowMissing { get; init; }

    /// <summary>
    /// Of a mirror whose legs were used without each other: the device that is right. The other legs are out of sync, and a resync copies all of them; what was
    /// written to them alone is lost. <see langword="null"/>: a split mirror is refused.
    /// </summary>
    public BlockDevice? Trusted { get; init; }
}
