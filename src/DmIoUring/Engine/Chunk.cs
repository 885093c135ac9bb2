using System.Runtime.InteropServices;

namespace DmIoUring.Engine;

/// <summary>
/// One piece of a region, in the kernel or about to go there again. Its fields say what is still to be transferred:
/// they move forward after a short transfer.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal unsafe struct Chunk
{
    /// <summary>Not a <see cref="Bounce"/> slot.</summary>
    public const byte NoBounce = byte.MaxValue;

    /// <summary>Byte offset on the device of what is left.</summary>
    public long Offset;

    /// <summary>Where what is left comes from or goes to.</summary>
    public byte* Buffer;

    /// <summary>When a delayed chunk is due, on the ring's clock.</summary>
    public long Due;

    /// <summary>Bytes left.</summary>
    public uint Length;

    /// <summary>Bytes left in the run of memory at <see cref="Buffer"/>; less than <see cref="Length"/> in a scattered chunk.</summary>
    public uint Run;

    /// <summary>The run after this one, as in <see cref="BufferCursor.Next"/>.</summary>
    public int NextRun;

    /// <summary>Counts the chunks that used this place, so that a completion of an earlier one is told apart.</summary>
    public uint Generation;

    /// <summary>The device's descriptor, or its place among the ring's registered files.</summary>
    public int File;

    /// <summary>The next free, waiting or delayed chunk, or -1.</summary>
    public int Next;

    public ChunkKind Kind;

    public byte Region;

    /// <summary>IOSQE_FIXED_FILE, or nothing.</summary>
    public byte EntryFlags;

    /// <summary>Times that it was issued without getting anywhere.</summary>
    public byte Attempts;

    /// <summary>The engine's pages that it travels through, or <see cref="NoBounce"/>.</summary>
    public byte Bounce;

    /// <summary>Whether the kernel has it now.</summary>
    public bool IsInKernel;

    /// <summary>Whether the kernel is still to be asked to let go of it.</summary>
    public bool MustCancel;
}
