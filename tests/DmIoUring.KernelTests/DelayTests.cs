using System.Diagnostics;

namespace DmIoUring.KernelTests;

/// <summary>dm-delay: a leg that takes its time.</summary>
public sealed class DelayTests
{
    private const int Milliseconds = 200;

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ARequest_EndsWithItsSlowestLeg_AndNotBefore(Way way)
    {
        MappedDevice.Require("delay");
        using Medium under = new();
        using MappedDevice device = MappedDevice.Over("delay", under.Loop, $"0 0 {under.Loop.Path} 0 {Milliseconds}");
        using ThreeLegs legs = new(way, device.Path);
        using IoMemory data = Data.Memory(64 << 10, 1);
        byte[] written = data.GetSpan().ToArray();

        long start = Stopwatch.GetTimestamp();
        Assert.Equal(default, legs.Write(2048, data));
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        under.AssertHolds(2048, written);
        legs.AssertSoundLegsHold(2048, written);

        // The kernel counts in ticks, so a delay may be shorter by two of its longest.
        Assert.True(took >= TimeSpan.FromMilliseconds(Milliseconds - 20), $"The slow leg takes {Milliseconds} ms, and the request took {took.TotalMilliseconds} ms.");
        Assert.Equal(default, legs.ReadMiddle(2048, data));
        Data.AssertSame(written, data.GetSpan(), "what was read");
    }
}
