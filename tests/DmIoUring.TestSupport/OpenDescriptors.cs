namespace DmIoUring.TestSupport;

/// <summary>What this process has open.</summary>
internal static class OpenDescriptors
{
    /// <summary>How many descriptors of a file it has.</summary>
    public static int Of(string path) => Directory.GetFiles("/proc/self/fd").Count(descriptor => IsOf(descriptor, path));

    private static bool IsOf(string descriptor, string path)
    {
        try
        {
            return string.Equals(File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.FullName, path, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // Closed since it was listed.
            return false;
        }
    }
}
