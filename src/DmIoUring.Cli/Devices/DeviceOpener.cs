using System.Globalization;
using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Cli.Devices;

/// <summary>
/// Opens what a user named and what was checked, and nothing else that has taken its place since; says in a user's words why it can't be.
/// </summary>
internal static class DeviceOpener
{
    /// <summary>With direct I/O; through the page cache only where the file system has no direct I/O.</summary>
    /// <param name="facts">What was checked.</param>
    /// <param name="access">What for.</param>
    /// <param name="exclusive">Whether a block device that is mounted or claimed is refused.</param>
    /// <param name="busy">How long one that is claimed is waited for; null for a wait of its own.</param>
    /// <exception cref="RefusedException">It can't be opened so, or the path leads elsewhere by now.</exception>
    public static DeviceFile Open(PathFacts facts, DeviceAccess access, bool exclusive, BusyWait? busy = null)
    {
        // Opens nothing yet: a FIFO that has come there would hang, a tape would wind. What is named here is checked, and only that is opened.
        using SafeFileHandle named = Named(facts);
        PathFacts found = PathFacts.Of(facts.Path, named);
        if (!string.Equals(found.Identity, facts.Identity, StringComparison.Ordinal) || found.Kind != facts.Kind)
        {
            throw new RefusedException(
                facts.Path, $"was replaced since it was checked: it was {facts.KindInWords} ({facts.Identity}) and is {found.KindInWords} ({found.Identity})",
                "Find out who replaces it; nothing was written.");
        }

        int flags = access == DeviceAccess.Read ? FileAbi.O_RDONLY : FileAbi.O_RDWR;
        if (exclusive && facts.Kind == PathKind.BlockDevice)
            flags |= FileAbi.O_EXCL;
        busy ??= new BusyWait();
        try
        {
            return TryOpen(facts, named, flags | FileAbi.O_DIRECT) ?? TryOpen(facts, named, flags)
                ?? throw new RefusedException(facts.Path, "can't be opened: EINVAL", "");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(facts.Path, exception.Message, "");
        }

        RefusedException Refused(int errno) => Refusal(facts, access, errno);

        DeviceFile? TryOpen(PathFacts facts, SafeFileHandle named, int flags)
        {
            int descriptor = Reopen(named, flags);
            while (descriptor == -Errno.EBUSY && (flags & FileAbi.O_EXCL) != 0 && busy.TryWait())
                descriptor = Reopen(named, flags);
            if (descriptor == -Errno.EINVAL)
                return null;
            if (descriptor < 0)
                throw Refused(-descriptor);
            SafeFileHandle handle = new(descriptor, ownsHandle: true);
            try
            {
                return new DeviceFile(facts, handle, BlockDevice.FromHandle(handle, ownsHandle: true));
            }
            catch (IOException exception) when (exception.HResult == Errno.EINVAL)
            {
                // Its file system says that it has no direct I/O.
                handle.Dispose();
                return null;
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        }
    }

    /// <summary>Opens once more what a descriptor names, without looking a path up.</summary>
    /// <returns>The new descriptor, or the negated errno.</returns>
    public static int Reopen(SafeFileHandle handle, int flags) => Libc.Open(
        string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{(int)handle.DangerousGetHandle()}"), flags | FileAbi.O_CLOEXEC, 0);

    private static SafeFileHandle Named(PathFacts facts)
    {
        int descriptor = Libc.Open(facts.Path, FileAbi.O_PATH | FileAbi.O_CLOEXEC, 0);
        return descriptor < 0
            ? throw new RefusedException(facts.Path, $"can't be opened: {Errno.Name(-descriptor)}", "Check the path and its folders' permissions.")
            : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private static RefusedException Refusal(PathFacts facts, DeviceAccess access, int errno) => errno switch
    {
        Errno.EACCES or Errno.EPERM or Errno.EROFS => access == DeviceAccess.Read
            ? new RefusedException(
                facts.Path, $"can't be opened for reading ({Errno.Name(errno)}): this user has no permission", "Run as a user who has it, or as root.")
            : new RefusedException(
                facts.Path, $"can't be opened for writing ({Errno.Name(errno)}): it is read-only, or this user has no permission",
                facts.Kind == PathKind.BlockDevice ? "Make it writable (blockdev --setrw), or run as root." : "Change its permissions, or run as a user who has them."),
        Errno.EBUSY => new RefusedException(
            facts.Path, "is in use (EBUSY): it is mounted, or another program holds it exclusively",
            "Unmount it. If you know that nobody else writes to it: --force."),
        Errno.ETXTBSY => new RefusedException(
            facts.Path, "is in use (ETXTBSY): it is a program that runs, or swap space", "End the program, or swapoff it."),
        Errno.ENXIO or Errno.ENODEV => new RefusedException(
            facts.Path, $"has no device behind it ({Errno.Name(errno)})", "Attach it, or load its driver."),
        Errno.ENOMEDIUM => new RefusedException(facts.Path, "has no medium in it (ENOMEDIUM)", "Insert one."),
        Errno.EMFILE or Errno.ENFILE => new RefusedException(
            facts.Path, $"can't be opened ({Errno.Name(errno)}): too many open files", "Raise the limit (ulimit -n)."),
        Errno.ENOENT => new RefusedException(
            facts.Path, "can't be opened (ENOENT): /proc is not mounted, or it is gone", "Mount /proc: what was checked is opened through /proc/self/fd."),
        _ => new RefusedException(facts.Path, $"can't be opened: {Errno.Name(errno)}", ""),
    };
}
