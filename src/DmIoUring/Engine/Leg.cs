namespace DmIoUring.Engine;

/// <summary>A region while its request is on its way: what is still to be issued, re-sliced as chunks are cut from it.</summary>
internal struct Leg
{
    /// <summary>Holds the device open while the request is in flight.</summary>
    public BlockDevice Device;

    /// <summary>Byte offset on the device of what is left to issue.</summary>
    public long Offset;

    /// <summary>Bytes left to issue; 0 from the start for a region that is skipped or was refused.</summary>
    public long Remaining;

    /// <summary>Where what is left comes from or goes to.</summary>
    public BufferCursor Buffer;

    /// <summary>Where the engine has the device; <see cref="Devices.DeviceTable.NoSlot"/> while the leg itself keeps the device open.</summary>
    public int Slot;

    public LegStage Stage;

    /// <summary>It must reach the device as one piece, or not at all.</summary>
    public bool IsWhole;

    /// <summary>Its memory is misaligned for its device, so it travels through pages of the engine's own.</summary>
    public bool Bounces;
}

/// <summary>How far a region is on its way.</summary>
internal enum LegStage : byte
{
    /// <summary>What remains may be cut into chunks.</summary>
    Data,

    /// <summary>It must be flushed before anything else.</summary>
    FlushFirst,

    /// <summary>Its flush is under way; its data waits.</summary>
    Flushing,
}
