namespace DmIoUring.TestSupport;

/// <summary>The host's loop devices.</summary>
internal static class LoopDevices
{
    /// <summary>How many are attached to something whose path begins so.</summary>
    public static int CountOver(string folder)
    {
        int count = 0;
        foreach (string block in Directory.GetDirectories("/sys/block", "loop*"))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(block, "loop/backing_file")).StartsWith(folder, StringComparison.Ordinal))
                    count++;
            }
            catch (IOException)
            {
                // Not attached, or just detached.
            }
        }

        return count;
    }
}
