using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct pollfd</c>; include/uapi/asm-generic/poll.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Pollfd
{
    public int fd;
    public short events;
    public short revents;
}
