namespace DmIoUring.DeviceTests.Client;

/// <summary>This process's threads, by the names that the kernel knows them by.</summary>
internal static class ProcessThreads
{
    public static int Count(string nameStart) => Directory.GetDirectories("/proc/self/task").Count(task =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).StartsWith(nameStart, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return false;
        }
    });
}
