using DmIoUring.Interop;

namespace DmIoUring.Cli.Devices;

/// <summary>Opens what a user named, and says in a user's words why it can't be.</summary>
internal static class DeviceOpener
{
    /// <summary>With direct I/O; through the page cache only where the file system has no direct I/O.</summary>
    /// <exception cref="RefusedException">It can't be opened so.</exception>
    public static BlockDevice Open(PathFacts facts, DeviceAccess access, bool exclusive)
    {
        BlockDeviceOptions options = new() { Access = access, Exclusive = exclusive && facts.Kind == PathKind.BlockDevice };
        try
        {
            try
            {
                return BlockDevice.Open(facts.Path, options);
            }
            catch (IOException exception) when (exception.HResult == Errno.EINVAL)
            {
                return BlockDevice.Open(facts.Path, options with { Direct = false });
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refusal(facts, access, exception);
        }
    }

    private static RefusedException Refusal(PathFacts facts, DeviceAccess access, Exception exception)
    {
        if (exception is UnauthorizedAccessException)
        {
            return access == DeviceAccess.Read
                ? new RefusedException(facts.Path, "can't be opened for reading: this user has no permission", "Run as a user who has it, or as root.")
                : new RefusedException(
                    facts.Path, "can't be opened for writing: it is read-only, or this user has no permission",
                    facts.Kind == PathKind.BlockDevice ? "Make it writable (blockdev --setrw), or run as root." : "Change its permissions, or run as a user who has them.");
        }

        return exception.HResult switch
        {
            Errno.EBUSY => new RefusedException(
                facts.Path, "is in use (EBUSY): it is mounted, or another program holds it exclusively",
                "Unmount it. If you know that nobody else writes to it: --force."),
            Errno.ENXIO or Errno.ENODEV => new RefusedException(
                facts.Path, $"has no device behind it ({Errno.Name(exception.HResult)})", "Attach it, or load its driver."),
            _ => new RefusedException(facts.Path, exception.Message, ""),
        };
    }
}
