namespace DmIoUring.Cli.Devices;

/// <summary>A file that a command makes where a path leads to nothing.</summary>
internal static class NewFile
{
    /// <summary>Why none can be made at a path; null when one can.</summary>
    public static Refusal? WhyNot(string path)
    {
        // A link that leads nowhere would be followed to a place that was never checked.
        if (new FileInfo(path).LinkTarget is { } target)
            return new Refusal(path, $"is a symbolic link to {target}, which does not exist", "Name the file itself.");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        if (!Directory.Exists(folder))
            return new Refusal(path, $"does not exist, and neither does its folder {folder}", "Create the folder first, or check the path.");

        // A file system of its own there, as /dev/shm is, is for files.
        string real = RealPath.Of(folder);
        bool isOfDevices = (real is "/dev" || real.StartsWith("/dev/", StringComparison.Ordinal))
            && string.Equals(PathFacts.Of("/dev").FileSystem, PathFacts.Of(folder).FileSystem, StringComparison.Ordinal);
        return isOfDevices ? new Refusal(path, "does not exist, and no file is created under /dev", "Check the device's name (lsblk lists them).") : null;
    }

    /// <summary>Makes it, full of zeroes.</summary>
    /// <exception cref="RefusedException">It can't be made; it is not there then.</exception>
    public static PathFacts Create(string path, long bytes)
    {
        bool isMade = false;
        try
        {
            using FileStream stream = new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            isMade = true;
            stream.SetLength(bytes);
            return PathFacts.Of(path, stream.SafeFileHandle);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            if (isMade)
                File.Delete(path);

            // The last is what .NET makes of EFBIG.
            throw new RefusedException(
                path, "can't be created: " + exception.Message, "Check its folder's permissions and free space, and the limit of a file's size (ulimit -f).");
        }
    }

    /// <summary>Removes what was made, unless something else is at its path by now.</summary>
    public static void Remove(PathFacts made)
    {
        if (PathFacts.Of(made.Path).Overlaps(made))
            File.Delete(made.Path);
    }
}
