namespace DmIoUring.Services;

/// <summary>What a leg of a <see cref="MirrorDevice"/> has and does.</summary>
public enum MirrorLegState
{
    /// <summary>It has every acknowledged write. It is read from and written to.</summary>
    InSync,

    /// <summary>It is being brought up to date: every write goes to it, nothing is read from it.</summary>
    Resyncing,

    /// <summary>It lacks writes, because it failed one or was away. Nothing goes to it until <see cref="MirrorDevice.ResyncAsync"/>.</summary>
    OutOfSync,

    /// <summary>It has no device. <see cref="MirrorDevice.AttachAsync"/> brings it back, <see cref="MirrorDevice.ReplaceAsync"/> puts another in its place.</summary>
    Missing,
}
