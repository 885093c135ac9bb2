namespace DmIoUring.KernelTests;

/// <summary>dm-dust: blocks whose reads fail until they are written.</summary>
public sealed class DustTests
{
    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ABadBlock_FailsItsReads_UntilItIsWritten(Way way)
    {
        MappedDevice.Require("dust");
        using Medium under = new();
        using MappedDevice device = MappedDevice.Over("dust", under.Loop, "0 512");
        using ThreeLegs legs = new(way, device.Path);
        using IoMemory data = Data.Memory(16 << 10, 1);
        byte[] written = data.GetSpan().ToArray();
        Assert.Equal(default, legs.Write(96, data));

        device.Message("addbadblock", "100");
        device.Message("enable");
        ThreeLegs.AssertFailed(legs.ReadMiddle(96, data), 1, 96, 100);
        Assert.False(data.GetSpan()[(4 * 512)..].ContainsAnyExcept((byte)0), "A failed piece is filled with zeroes from the failure on.");

        written.CopyTo(data.GetSpan());
        Assert.Equal(default, legs.Write(96, data));
        data.GetSpan().Clear();
        Assert.Equal(default, legs.ReadMiddle(96, data));
        Data.AssertSame(written, data.GetSpan(), "what was read");
        legs.AssertSoundLegsHold(96, written);
    }
}
