using System.Diagnostics;
using System.Globalization;
using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.ScratchDevices;

/// <summary>Nodes in /dev and files in /sys of loop devices.</summary>
internal static class LoopNode
{
    public const string Control = "/dev/loop-control";
    private const uint LoopMajor = 7;
    private static readonly TimeSpan NodePatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    public static string PathOf(int number) => string.Create(CultureInfo.InvariantCulture, $"/dev/loop{number}");

    public static SafeFileHandle OpenControl() => Open(Control, FileAbi.O_RDWR);

    public static SafeFileHandle Open(int number, bool readOnly)
    {
        string path = PathOf(number);
        WaitForNode(number, path);
        return Open(path, readOnly ? FileAbi.O_RDONLY : FileAbi.O_RDWR);
    }

    public static SafeFileHandle Open(string path, int flags)
    {
        int descriptor = Libc.Open(path, flags | FileAbi.O_CLOEXEC, 0);
        return descriptor switch
        {
            >= 0 => new SafeFileHandle(descriptor, ownsHandle: true),
            -Errno.EACCES or -Errno.EPERM => throw new UnauthorizedAccessException(
                $"{path} can't be opened ({Errno.Name(-descriptor)}): run as root, or give this user the device"),
            _ => throw new IOException($"{path} can't be opened: {Errno.Name(-descriptor)}.", -descriptor),
        };
    }

    /// <summary>What the device is attached to; null when it is not attached.</summary>
    public static string? BackingFile(int number)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/sys/block/loop{number}/loop/backing_file");
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether neighbouring requests may become one. Left as it is where /sys can't be written.</summary>
    public static void SetMerging(int number, bool merges)
    {
        try
        {
            File.WriteAllText(string.Create(CultureInfo.InvariantCulture, $"/sys/block/loop{number}/queue/nomerges"), merges ? "0" : "2");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A container may have /sys read-only; only devices with bad sectors care.
        }
    }

    /// <summary>A number is reused at once, so the device counts as detached when it is attached to something else too.</summary>
    public static void WaitUntilDetached(int number, string? backingFile, TimeSpan patience)
    {
        if (backingFile is null)
            return;
        long start = Stopwatch.GetTimestamp();
        while (string.Equals(BackingFile(number), backingFile, StringComparison.Ordinal) && Stopwatch.GetElapsedTime(start) < patience)
            Thread.Sleep(Pause);
    }

    /// <summary>devtmpfs has made the node by now, udev makes it soon, a container's static /dev needs it made.</summary>
    private static void WaitForNode(int number, string path)
    {
        if (File.Exists(path))
            return;
        if (Libc.MknodBlock(path, 0x180, LoopMajor, (uint)number) is 0 or -Errno.EEXIST)
            return;
        long start = Stopwatch.GetTimestamp();
        while (!File.Exists(path) && Stopwatch.GetElapsedTime(start) < NodePatience)
            Thread.Sleep(Pause);
    }
}
