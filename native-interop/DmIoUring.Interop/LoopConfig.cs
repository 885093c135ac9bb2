using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct loop_config</c>: everything a loop device needs in one ioctl (LOOP_CONFIGURE, 5.8).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LoopConfig
{
    public uint fd;
    public uint block_size;
    public LoopInfo64 info;
    public fixed ulong __reserved[8];
}
