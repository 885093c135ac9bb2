using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct io_sqring_offsets</c>: where the submission queue's fields are in its mapping.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoSqringOffsets
{
    public uint head;
    public uint tail;
    public uint ring_mask;
    public uint ring_entries;
    public uint flags;
    public uint dropped;
    public uint array;
    public uint resv1;
    public ulong user_addr;
}
