using System.Runtime.InteropServices;
using DmIoUring.Devices;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <summary>
/// A part of a region that is one ring entry, in the kernel or waiting for a retry. Its fields describe what is still to be transferred:
/// they advance after a short transfer.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal unsafe struct Chunk
{
    /// <summary>The value of <see cref="Bounce"/> for a chunk that uses no bounce buffer.</summary>
    public const byte NoBounce = byte.MaxValue;

    /// <summary>Byte offset on the device of what is left.</summary>
    [FieldOffset(0)]
    public long Offset;

    /// <summary>The memory of what is left.</summary>
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

    /// <summary>The device's descriptor, or its slot among the ring's registered files.</summary>
    [FieldOffset(28)]
    public int File;

    [FieldOffset(32)]
    public ChunkKind Kind;

    [FieldOffset(33)]
    public byte Region;

    /// <summary>IOSQE_FIXED_FILE, or nothing.</summary>
    [FieldOffset(34)]
    public byte EntryFlags;

    /// <summary>How often it was retried without progress.</summary>
    [FieldOffset(35)]
    public byte Attempts;

    /// <summary>The bounce buffer that it uses, or <see cref="NoBounce"/>.</summary>
    [FieldOffset(36)]
    public byte Bounce;

    /// <summary>Whether the kernel has it now.</summary>
    [FieldOffset(37)]
    public bool IsInKernel;

    /// <summary>Whether a cancel for it is still to be submitted.</summary>
    [FieldOffset(38)]
    public bool MustCancel;

    /// <summary>Which ring it uses and how its completion may be waited for.</summary>
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

    /// <summary>Counts the chunks that used this slot, so that a late completion of an earlier one is recognized.</summary>
    [FieldOffset(40)]
    public uint Generation;

    /// <summary>The next free, waiting or delayed chunk, or -1.</summary>
    [FieldOffset(44)]
    public int Next;

    /// <summary>When a delayed chunk is due, on the ring's clock.</summary>
    [FieldOffset(48)]
    public long Due;

    /// <summary>The slot of the device that the chunk itself keeps open; <see cref="DeviceTable.NoSlot"/> where its leg does.</summary>
    [FieldOffset(56)]
    public int Slot;

    /// <summary>Whether its ring was closed and the kernel may still use its memory. Meaningless for a free chunk.</summary>
    [FieldOffset(60)]
    public bool IsInTeardown;

    /// <summary>Whether it flushes its device, or may, as a part of a write with FUA. Meaningless on the fast path.</summary>
    [FieldOffset(61)]
    public bool Flushes;

    /// <summary>The <see cref="State"/> of a chunk of the fast path: issued for the first time, from or to the request's own memory.</summary>
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

    /// <summary>A discard by ioctl, where the ring does not support discards.</summary>
    DiscardByIoctl,

    /// <summary>Zeroes written by the device or the file system.</summary>
    Zeroes,

    /// <summary>Zeroes written from memory, where the device does not support zeroing.</summary>
    ZeroPages,

    /// <summary>Still in the kernel, although its request has ended without it: its result is ignored.</summary>
    Abandoned,
}
