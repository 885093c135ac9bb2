using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Drivers;

/// <summary>The eventfd that ends a lane's sleep. Never read: the ring's poll reports each write by itself (edge-triggered).</summary>
internal sealed unsafe class WakeEvent : SafeHandleZeroOrMinusOneIsInvalid
{
    public WakeEvent()
        : base(ownsHandle: true)
    {
        int descriptor = Libc.Eventfd(0, FileAbi.EFD_CLOEXEC | FileAbi.EFD_NONBLOCK);
        if (descriptor < 0)
            throw new IOException($"No eventfd for a lane: {Errno.Name(-descriptor)}. Raise RLIMIT_NOFILE (ulimit -n)?", -descriptor);
        SetHandle(descriptor);
    }

    public int Descriptor => (int)handle;

    /// <summary>Wakes the lane. Once the lane has ended there is nobody to wake, and the number may be another file's.</summary>
    public void Signal()
    {
        bool held = false;
        try
        {
            DangerousAddRef(ref held);

            // Fails only when the counter is full, after 2^64 - 2 wake-ups, and a full counter wakes as well.
            ulong one = 1;
            _ = Libc.Write(Descriptor, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // The lane took the request without being woken, and ended.
        }
        finally
        {
            if (held)
                DangerousRelease();
        }
    }

    protected override bool ReleaseHandle() => Libc.Close(Descriptor) == 0;
}
