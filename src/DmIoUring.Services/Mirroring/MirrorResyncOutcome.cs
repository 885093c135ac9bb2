namespace DmIoUring.Services;

/// <summary>How a resync ended.</summary>
public enum MirrorResyncOutcome
{
    /// <summary>All legs that have a device are in sync and equal.</summary>
    Complete,

    /// <summary>Some are not: <see cref="MirrorResyncResult.Failed"/>, <see cref="MirrorResyncResult.UnreadableSector"/> and <see cref="MirrorDevice.Legs"/> say why.</summary>
    Incomplete,

    /// <summary>It was cancelled, or the mirror was disposed.</summary>
    Cancelled,
}
