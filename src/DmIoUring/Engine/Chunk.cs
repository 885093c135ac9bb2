using System.Runtime.InteropServices;
using DmIoUring.Devices;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <summary>
/// One piece of a region, in the kernel or about to go there again. Its fields say what is still to be transferred:
/// they move forward after a short transfer.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal unsafe struct Chunk
{
    /// <summary>Not a <see cref="Bounce"/> slot.</summary>
    public const byte NoBounce = byte.MaxValue;

    /// <summary>Byte offset on the device of what is left.</summary>
    [FieldOffset(0)]
    public long Offset;

    /// <summary>Where what is left comes from or goes to.</summary>
    [FieldOffset(8)]
    public byte* Buffer;

    /// <summary>Bytes left.</summary>
    [FieldOffset(16)]
    public uint Length;

    /// <summary>Bytes left in the run of memory at <see cref="Buffer"/>; less than <see cref="Length"/> in a scattered chunk.</summary>
    [FieldOffset(20)]
    public uint Run;

    /// <summary>The run after this one, as in <see cref="BufferCursor.Next"/>.</summary>
    [FieldOffset(24)]
    public int NextRun;

    /// <summary>The device's descriptor, or its place among the ring's registered files.</summary>
    [FieldOffset(28)]
    public int File;

    [FieldOffset(32)]
    public ChunkKind Kind;

    [FieldOffset(33)]
    public byte Region;

    /// <summary>IOSQE_FIXED_FILE, or nothing.</summary>
    [FieldOffset(34)]
    public byte EntryFlags;

    /// <summary>Times that it was issued without getting anywhere.</summary>
    [FieldOffset(35)]
    public byte Attempts;

    /// <summary>The engine's pages that it travels through, or <see cref="NoBounce"/>.</summary>
    [FieldOffset(36)]
    public byte Bounce;

    /// <summary>Whether the kernel has it now.</summary>
    [FieldOffset(37)]
    public bool IsInKernel;

    /// <summary>Whether the kernel is still to be asked to let go of it.</summary>
    [FieldOffset(38)]
    public bool MustCancel;

    /// <summary>How its completion may be waited for.</summary>
    [FieldOffset(39)]
    public EntryRoute Route;

    /// <summary>From <see cref="Kind"/> to <see cref="Route"/>, for one store instead of eight.</summary>
    [FieldOffset(32)]
    public ulong State;

    /// <summary><see cref="Length"/> and <see cref="Run"/>.</summary>
    [FieldOffset(16)]
    public ulong LengthAndRun;

    /// <summary><see cref="NextRun"/> and <see cref="File"/>.</summary>
    [FieldOffset(24)]
    public ulong NextRunAndFile;

    /// <summary>Counts the chunks that used this place, so that a completion of an earlier one is told apart.</summary>
    [FieldOffset(40)]
    public uint Generation;

    /// <summary>The next free, waiting or delayed chunk, or -1.</summary>
    [FieldOffset(44)]
    public int Next;

    /// <summary>When a delayed chunk is due, on the ring's clock.</summary>
    [FieldOffset(48)]
    public long Due;

    /// <summary>Where the engine has the device that the chunk itself keeps open; <see cref="DeviceTable.NoSlot"/> where a leg does.</summary>
    [FieldOffset(56)]
    public int Slot;

    /// <summary>Whether the ring that has it was closed, and the kernel may still be using its memory. Not of a free chunk.</summary>
    [FieldOffset(60)]
    public bool IsInTeardown;

    /// <summary>The <see cref="State"/> of a chunk that is on its way to the kernel for the first time, in its request's own memory.</summary>
    public static ulong FastPathState(ChunkKind kind, int region, byte entryFlags, EntryRoute route) =>
        (byte)kind | ((ulong)(uint)region << 8) | ((ulong)entryFlags << 16) | ((ulong)NoBounce << 32) | (1ul << 40) | ((ulong)route << 56);
}

/// <summary>What a chunk does; it decides the entry's opcode and how its result is read.</summary>
internal enum ChunkKind : byte
{
    Read,
    Write,

    /// <summary>The region's flush, before its data or alone.</summary>
    Flush,
    Discard,

    /// <summary>The same by ioctl, where the ring has it not.</summary>
    DiscardByIoctl,

    /// <summary>Zeroes by the device or the file system itself.</summary>
    Zeroes,

    /// <summary>Zeroes written from memory, where the device has none of its own.</summary>
    ZeroPages,

    /// <summary>In the kernel, while its request has ended without it: nobody is told its result.</summary>
    Abandoned,
}
