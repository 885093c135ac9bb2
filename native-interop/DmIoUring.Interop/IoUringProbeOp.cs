using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct io_uring_probe_op</c>: whether the kernel knows one opcode.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoUringProbeOp
{
    public byte op;
    public byte resv;
    public ushort flags;
    public uint resv2;
}
