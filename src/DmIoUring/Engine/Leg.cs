namespace DmIoUring.Engine;

/// <summary>A region while its request is on its way: what is still to be issued, re-sliced as chunks are cut from it.</summary>
internal unsafe struct Leg
{
    /// <summary>Holds the device open while the request is in flight.</summary>
    public BlockDevice Device;

    /// <summary>Byte offset on the device of what is left to issue.</summary>
    public long Offset;

    /// <summary>Bytes left to issue; 0 from the start for a region that is skipped or was refused.</summary>
    public long Remaining;

    /// <summary>Where what is left comes from or goes to.</summary>
    public byte* Buffer;
}
