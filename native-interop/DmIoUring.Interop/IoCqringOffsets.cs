using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct io_cqring_offsets</c>: where the completion queue's fields are in its mapping.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoCqringOffsets
{
    public uint head;
    public uint tail;
    public uint ring_mask;
    public uint ring_entries;
    public uint overflow;
    public uint cqes;
    public uint flags;
    public uint resv1;
    public ulong user_addr;
}
