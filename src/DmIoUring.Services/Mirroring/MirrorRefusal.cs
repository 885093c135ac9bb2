namespace DmIoUring.Services;

/// <summary>Why a <see cref="MirrorDevice"/> refuses its legs.</summary>
public enum MirrorRefusal
{
    /// <summary>A device is too small, has too large blocks, must be written in order, or is open for reading only.</summary>
    Unsuitable,

    /// <summary>Two legs are the same device, or a device is a leg already.</summary>
    SameDevice,

    /// <summary>A device that should be empty belongs to a mirror already.</summary>
    InUse,

    /// <summary>The leg that a device should be attached as has one.</summary>
    NotMissing,

    /// <summary>There is no valid mirror metadata on a leg: it was never a leg, it has another size than then, or its metadata is damaged.</summary>
    NoMetadata,

    /// <summary>The legs belong to different mirrors, or a device is not one of the mirror's legs.</summary>
    Foreign,

    /// <summary>Legs are missing, and opening without them was not allowed.</summary>
    Missing,

    /// <summary>Two legs were each used without the other: which one is right can't be told.</summary>
    Split,

    /// <summary>No leg is in sync and free of doubt.</summary>
    NoSource,

    /// <summary>The metadata could not be read or written.</summary>
    Failed,
}
