using System.Diagnostics;
using DmIoUring.Interop;
using DmIoUring.Threading;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Devices;

/// <summary>Opens a path, and explains why the kernel refused it.</summary>
internal static class DeviceOpening
{
    /// <summary>How long a device that is in use is tried again: a program that was killed keeps its claim for up to 0.1 s.</summary>
    private static readonly TimeSpan BusyLimit = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(5);

    /// <summary>What a new file's permissions are, less the process's umask.</summary>
    private const int NewFileMode = 0x1B6;

    /// <summary>Opens a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="options">The options, which were checked.</param>
    /// <param name="created">Whether there was nothing, and it is a new file.</param>
    public static SafeFileHandle Open(string path, BlockDeviceOptions options, out bool created)
    {
        // Checked before it is opened, because opening a FIFO without a writer would block.
        bool isNamespace = DeviceGeometry.RefuseOtherKinds(path);
        if (isNamespace && (options.Exclusive || !options.Direct))
        {
            throw new IOException(
                $"{path} is an NVMe namespace's character device, which has no {(options.Exclusive ? "exclusive use" : "page cache")}. " +
                $"Open it {(options.Exclusive ? "without Exclusive" : "with Direct = true")}, or open its block device.", Errno.EINVAL);
        }

        if (options.Access is not (DeviceAccess.Read or DeviceAccess.ReadWrite))
            throw new ArgumentOutOfRangeException(nameof(options), options.Access, "There is no such DeviceAccess.");
        int flags = FileAbi.O_CLOEXEC;
        flags |= options.Access == DeviceAccess.Read ? FileAbi.O_RDONLY : FileAbi.O_RDWR;
        // The kernel answers EINVAL to O_DIRECT on a character device; commands bypass the page cache anyway.
        if (options.Direct && !isNamespace)
            flags |= FileAbi.O_DIRECT;
        if (options.Exclusive)
            flags |= FileAbi.O_EXCL;

        created = false;
        int descriptor = OpenUnlessBusy(path, flags);
        if (descriptor == -Errno.ENOENT && options.Create)
        {
            // Not as part of the first call: O_EXCL means something else for a new file. Where another program made it meanwhile, that one is opened.
            descriptor = Libc.Open(path, flags | FileAbi.O_CREAT | FileAbi.O_EXCL, NewFileMode);
            created = descriptor >= 0 || descriptor == -Errno.EINVAL;
            if (descriptor == -Errno.EEXIST)
                descriptor = OpenUnlessBusy(path, flags);
        }

        if (descriptor < 0)
        {
            // A file system without O_DIRECT makes the file before it refuses to open it.
            if (created)
                File.Delete(path);
            throw Refusal(path, options, -descriptor);
        }

        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private static int OpenUnlessBusy(string path, int flags)
    {
        int descriptor = Libc.Open(path, flags, 0);
        if (descriptor != -Errno.EBUSY || (flags & FileAbi.O_EXCL) == 0)
            return descriptor;
        long start = Stopwatch.GetTimestamp();
        while (descriptor == -Errno.EBUSY && Stopwatch.GetElapsedTime(start) < BusyLimit)
        {
            UninterruptedWait.Sleep(BusyPause);
            descriptor = Libc.Open(path, flags, 0);
        }

        return descriptor;
    }

    private static Exception Refusal(string path, BlockDeviceOptions options, int errno)
    {
        string asked = options.Access == DeviceAccess.Read ? "reading" : "reading and writing";
        string name = Errno.Name(errno);
        return errno switch
        {
            Errno.ENOENT or Errno.ENOTDIR when options.Create =>
                new FileNotFoundException($"{path} can't be created ({name}): its directory does not exist.", path),
            Errno.ENOENT or Errno.ENOTDIR =>
                new FileNotFoundException($"{path} does not exist ({name}). Name a block device or a regular file.", path),
            Errno.EISDIR => new IOException(DeviceGeometry.NotADevice(path, "a directory"), errno),
            Errno.EACCES or Errno.EPERM or Errno.EROFS => new UnauthorizedAccessException(
                options.Access == DeviceAccess.Read
                    ? $"{path} can't be opened for {asked} ({name}): this user may not. Run with the permission."
                    : $"{path} can't be opened for {asked} ({name}): it is read-only, or this user may not. " +
                        "Open it with DeviceAccess.Read, make it writable, or run with the permission."),
            Errno.EBUSY => new IOException(
                $"{path} is in use ({name}): it is mounted, or another program holds it exclusively. " +
                "Unmount it, or open it without Exclusive if you know that nobody else writes.", errno),
            Errno.EINVAL when options.Direct => new IOException(
                $"{path} refuses direct I/O ({name}): its file system has no O_DIRECT. Open it with Direct = false.", errno),
            Errno.ENXIO or Errno.ENODEV => new IOException(
                $"{path} has no device behind it ({name}): is it attached, is its driver loaded?", errno),
            Errno.EMFILE or Errno.ENFILE => new IOException(
                $"{path} can't be opened ({name}): too many open files. Raise RLIMIT_NOFILE (ulimit -n).", errno),
            _ => new IOException($"{path} can't be opened for {asked}: {name}.", errno),
        };
    }
}
