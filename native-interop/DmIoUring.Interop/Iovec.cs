using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct iovec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Iovec
{
    public void* iov_base;
    public nuint iov_len;
}
