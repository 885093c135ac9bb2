using System.Runtime.InteropServices;

namespace DmIoUring.Engine;

/// <summary>
/// One piece of a region, in the kernel or about to go there again. Its fields say what is still to be transferred:
/// they move forward after a short transfer.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal unsafe struct Chunk
{
    /// <summary>Byte offset on the device of what is left.</summary>
    public long Offset;

    /// <summary>Where what is left comes from or goes to.</summary>
    public byte* Buffer;

    /// <summary>When a delayed chunk is due, on the ring's clock.</summary>
    public long Due;

    /// <summary>Bytes left.</summary>
    public uint Length;

    /// <summary>Counts the chunks that used this place, so that a completion of an earlier one is told apart.</summary>
    public uint Generation;

    public int Descriptor;

    /// <summary>The next free, waiting or delayed chunk, or -1.</summary>
    public int Next;

    /// <summary>A short transfer is continued from a multiple of this many bytes.</summary>
    public int Alignment;

    public byte Opcode;

    public byte Region;

    /// <summary>Times that it was issued without getting anywhere.</summary>
    public byte Attempts;
}
