namespace DmIoUring.Cli.Devices;

/// <summary>Files of the kernel's own file systems, which come and go with the devices that they tell of.</summary>
internal static class SmallFile
{
    /// <summary>What is in it; <see langword="null"/> when it is not there or may not be read.</summary>
    public static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The names in a folder; none when it is not there.</summary>
    public static string[] Names(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
