using System.Runtime.InteropServices;
using DmIoUring.Diagnostics;

namespace DmIoUring.UnitTests.Values;

public sealed class SupportedProcessorTests
{
    public static TheoryData<Architecture> All => [.. Enum.GetValues<Architecture>()];

    [Theory]
    [MemberData(nameof(All))]
    public void AnyButX64AndArm64_IsRefusedByName(Architecture processor)
    {
        if (processor is Architecture.X64 or Architecture.Arm64)
        {
            SupportedProcessor.Require(processor);
            return;
        }

        PlatformNotSupportedException refused = Assert.Throws<PlatformNotSupportedException>(() => SupportedProcessor.Require(processor));
        Assert.Contains(processor.ToString(), refused.Message, StringComparison.Ordinal);
    }
}
