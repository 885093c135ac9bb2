using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Rings;

/// <summary>An eventfd that wakes a sleeping owner.</summary>
internal sealed unsafe class WakeEvent : SafeHandleZeroOrMinusOneIsInvalid
{
    public WakeEvent()
        : base(ownsHandle: true)
    {
        int descriptor = Libc.Eventfd(0, FileAbi.EFD_CLOEXEC | FileAbi.EFD_NONBLOCK);
        if (descriptor < 0)
            throw new IOException($"No eventfd to be woken by: {Errno.Name(-descriptor)}. Raise RLIMIT_NOFILE (ulimit -n)?", -descriptor);
        SetHandle(descriptor);
    }

    public int Descriptor => (int)handle;

    /// <summary>Empties an eventfd, so that the next poll sleeps until it is written again.</summary>
    public static void Drain(int descriptor)
    {
        ulong count;
        _ = Libc.Read(descriptor, &count, sizeof(ulong));
    }

    /// <summary>Wakes the owner. Does nothing once the owner has closed the eventfd: its number may be another file's by then.</summary>
    public void Signal()
    {
        bool held = false;
        try
        {
            DangerousAddRef(ref held);

            // Fails only when the counter is full, after 2^64 - 2 signals, and a full counter wakes as well.
            ulong one = 1;
            _ = Libc.Write(Descriptor, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // The owner has ended.
        }
        finally
        {
            if (held)
                DangerousRelease();
        }
    }

    protected override bool ReleaseHandle() => Libc.Close(Descriptor) == 0;
}
