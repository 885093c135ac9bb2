using System.Globalization;
using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.ScratchDevices;

/// <summary>A file, served through /dev/fuse by whoever reads <see cref="Channel"/>: mounted on a file, so that no folder is needed.</summary>
internal sealed class FuseMount : IDisposable
{
    public const string Node = "/dev/fuse";

    // The C library's sys/mount.h; the kernel's headers keep them to themselves.
    private const int Force = 1;
    private const int Detach = 2;

    private readonly ScratchFile _place;
    private readonly Guard _guard;
    private bool _disposed;

    private FuseMount(ScratchFile place, Guard guard, SafeFileHandle channel)
    {
        _place = place;
        _guard = guard;
        Channel = channel;
    }

    public string Path => _place.Path;

    /// <summary>Where the kernel's requests come from and the replies go to.</summary>
    public SafeFileHandle Channel { get; }

    public static FuseMount Create(string? folder)
    {
        int descriptor = Libc.Open(Node, FileAbi.O_RDWR | FileAbi.O_CLOEXEC, 0);
        Check(descriptor, "open");
        SafeFileHandle channel = new(descriptor, ownsHandle: true);
        ScratchFile place = ScratchFile.Create(0, folder);

        // Force ends every request, so that nobody waits for a server that is gone; Detach needs nobody's leave.
        Guard guard = Guard.Start("umount -f -l -c \"$1\"; rm -f \"$1\"", place.Path);
        FuseMount mount = new(place, guard, channel);
        try
        {
            string options = string.Create(CultureInfo.InvariantCulture, $"fd={descriptor},rootmode=100644,user_id=0,group_id=0,allow_other");
            Check(Libc.Mount("dmio", place.Path, "fuse", options), "mount");
            return mount;
        }
        catch
        {
            mount.Dispose();
            throw;
        }
    }

    /// <summary>Ends the service, at once and for good: every request fails, those under way too, and the channel says ENODEV.</summary>
    public void Abort() => _ = Libc.Umount(Path, Force);

    /// <summary>Takes the mount away. Whoever has the file open gets errors from now on.</summary>
    public void Unmount() => _ = Libc.Umount(Path, Force | Detach);

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Unmount();
        Channel.Dispose();
        _place.Dispose();
        _guard.Dispose();
    }

    private static void Check(int result, string call)
    {
        if (result is -Errno.EPERM or -Errno.EACCES)
            throw new UnauthorizedAccessException($"{Node}: {call} failed with {Errno.Name(-result)}: run as root.");
        if (result < 0)
            throw new IOException($"{Node}: {call} failed with {Errno.Name(-result)}.", -result);
    }
}
