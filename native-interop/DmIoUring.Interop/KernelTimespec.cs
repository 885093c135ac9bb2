using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct __kernel_timespec</c>: 64-bit seconds and nanoseconds on every architecture.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KernelTimespec
{
    public long tv_sec;
    public long tv_nsec;
}
