namespace DmIoUring.KernelTests;

/// <summary>dm-error: bad sectors in the middle of a device that is good otherwise.</summary>
public sealed class ErrorTargetTests
{
    private const int First = 1000;
    private const int Count = 8;

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void BadSectors_FailWhatTouchesThem_AndNothingElse(Way way)
    {
        MappedDevice.Require("linear");
        MappedDevice.Require("error");
        using Medium under = new();
        string path = under.Loop.Path;
        using MappedDevice device = new($"0 {First} linear {path} 0", $"{First} {Count} error", $"{First + Count} {Medium.Sectors - First - Count} linear {path} {First + Count}");
        using ThreeLegs legs = new(way, device.Path);
        using IoMemory data = Data.Memory(32 << 10, 1);
        byte[] written = data.GetSpan().ToArray();

        // Beside them, up to both edges.
        Assert.Equal(default, legs.Write(First - 64, data));
        under.AssertHolds(First - 64, written);
        Assert.Equal(default, legs.Write(First + Count, data));
        under.AssertHolds(First + Count, written);
        Assert.Equal(default, legs.Flush());

        // Across them.
        legs.AssertOnlyTheMiddleFailed(legs.Write(First - 32, data), First - 32, data, First);
        legs.AssertOnlyTheMiddleFailed(legs.Write(First - 32, data, IoFlags.Preflush | IoFlags.Fua), First - 32, data, First);
        under.AssertHolds(First, new byte[Count * 512]);
        ThreeLegs.AssertFailed(legs.ReadMiddle(First - 32, data), 1, First - 32, First);
        Assert.False(data.GetSpan()[(32 * 512)..].ContainsAnyExcept((byte)0), "A failed piece is filled with zeroes from the failure on.");
    }
}
