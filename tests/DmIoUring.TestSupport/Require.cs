using DmIoUring.Interop;

namespace DmIoUring.TestSupport;

/// <summary>What a host must have for a test to mean something.</summary>
internal static class Require
{
    /// <summary>Ends the test when there is an obstacle: failed where CI=true, skipped with the reason elsewhere.</summary>
    public static void That(string? obstacle)
    {
        if (obstacle is null)
            return;
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            Assert.Fail("This test must run in CI, and can't: " + obstacle);
        Assert.Skip(obstacle);
    }

    /// <summary>Ends the test where the host has no io_uring, or forbids it.</summary>
    public static void KernelRing() => That(IoCapabilities.Probe().RefusalReason);

    /// <summary>Ends the test where a file's file system has no direct I/O, as tmpfs before 6.6.</summary>
    public static void DirectIo(string path)
    {
        Exception? refusal = Record.Exception(() => BlockDevice.Open(path).Dispose());
        That(refusal is IOException { HResult: Errno.EINVAL } ? refusal.Message : null);
    }

    /// <summary>Ends the test where a block device discards nothing, as a loop device of 5.10 that does direct I/O.</summary>
    public static void Discards(string path)
    {
        string limit = $"/sys/block/{Path.GetFileName(path)}/queue/discard_max_bytes";
        That(File.Exists(limit) && File.ReadAllText(limit).Trim() is "0" ? $"{path} discards nothing on this kernel (discard_max_bytes is 0)" : null);
    }
}
