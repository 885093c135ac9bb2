using DmIoUring.ScratchDevices;

namespace DmIoUring.TestSupport;

/// <summary>For tests on a faulty medium: in CI they must run, elsewhere they may be skipped, with the reason.</summary>
internal static class RequireFault
{
    public static void Here()
    {
        RequireLoop.Here();
        Require.That(FaultFile.WhyUnavailable());
    }
}
