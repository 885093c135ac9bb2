using DmIoUring.ScratchDevices;

namespace DmIoUring.TestSupport;

/// <summary>For tests that need real devices: in CI they must run, elsewhere they may be skipped, with the reason.</summary>
internal static class RequireLoop
{
    /// <summary>Returns when loop devices can be made here; otherwise the test ends, failed in CI and skipped elsewhere.</summary>
    public static void Here() => Require.That(LoopDevice.WhyUnavailable());

    /// <summary>A loop device, where one can be had; otherwise as <see cref="Here"/>.</summary>
    public static LoopDevice Create(long size, LoopDeviceOptions? options = null)
    {
        Here();
        return LoopDevice.Create(size, options);
    }
}
