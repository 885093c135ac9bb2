namespace DmIoUring.TestSupport;

/// <summary>Whether anybody has a device open exclusively: this process, its rings, or a child of it that has not come to its exec yet.</summary>
internal static class ExclusiveClaim
{
    public static BlockDeviceOptions Options { get; } = new() { Exclusive = true };

    public static bool IsFree(string path)
    {
        try
        {
            BlockDevice.Open(path, Options).Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Not at once: where tests beside this one start processes, those have copies of every descriptor for a moment.</summary>
    public static void AssertGetsFree(string path) =>
        Assert.True(SpinWait.SpinUntil(() => IsFree(path), Notification.Limit), $"{path} stays claimed.");
}
