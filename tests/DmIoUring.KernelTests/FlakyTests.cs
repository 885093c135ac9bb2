using System.Globalization;

namespace DmIoUring.KernelTests;

/// <summary>dm-flakey as one leg of three: what it refuses is that leg's bit; what it does behind the host's back is nobody's.</summary>
public sealed class FlakyTests
{
    private const int Bytes = 64 << 10;

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void FailingWrites_SetTheLegsBit_AndReadsGoOn(Way way)
    {
        MappedDevice.Require("flakey");
        using Medium under = new();
        using MappedDevice device = MappedDevice.Over("flakey", under.Loop, "0 0 100 1 error_writes");
        using ThreeLegs legs = new(way, device.Path);
        using IoMemory data = Data.Memory(Bytes, 1);

        legs.AssertOnlyTheMiddleFailed(legs.Write(2048, data), 2048, data, 2048);
        under.AssertHolds(2048, new byte[Bytes]);
        Assert.Equal(default, legs.ReadMiddle(2048, data));
        Assert.False(data.GetSpan().ContainsAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void FailingReads_AreZeroFilled_AndWritesGoOn(Way way)
    {
        MappedDevice.Require("flakey");
        using Medium under = new();
        using MappedDevice device = FlakeyWith(under, "error_reads");
        using ThreeLegs legs = new(way, device.Path);
        using IoMemory data = Data.Memory(Bytes, 2);
        byte[] written = data.GetSpan().ToArray();

        Assert.Equal(default, legs.Write(2048, data));
        legs.AssertSoundLegsHold(2048, written);
        under.AssertHolds(2048, written);
        ThreeLegs.AssertFailed(legs.ReadMiddle(2048, data), 1, 2048, 2048);
        Assert.False(data.GetSpan().ContainsAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ADeviceThatIsDown_FailsReadsAndWrites(Way way)
    {
        MappedDevice.Require("flakey");
        using Medium under = new();
        using MappedDevice device = MappedDevice.Over("flakey", under.Loop, "0 0 100");
        using ThreeLegs legs = new(way, device.Path);
        using IoMemory data = Data.Memory(Bytes, 3);

        legs.AssertOnlyTheMiddleFailed(legs.Write(2048, data, IoFlags.Preflush | IoFlags.Fua), 2048, data, 2048);
        ThreeLegs.AssertFailed(legs.ReadMiddle(2048, data), 1, 2048, 2048);
        Assert.False(data.GetSpan().ContainsAnyExcept((byte)0));
        under.AssertHolds(2048, new byte[Bytes]);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void DroppedWrites_AreReportedAsByTheDevice_OtherLegsAreWhole(Way way)
    {
        MappedDevice.Require("flakey");
        using Medium under = new();
        using MappedDevice device = MappedDevice.Over("flakey", under.Loop, "0 0 100 1 drop_writes");
        using ThreeLegs legs = new(way, device.Path);
        using IoMemory data = Data.Memory(Bytes, 4);

        Assert.Equal(default, legs.Write(2048, data));
        legs.AssertSoundLegsHold(2048, data.GetSpan());
        under.AssertHolds(2048, new byte[Bytes]);
        Assert.Equal(default, legs.ReadMiddle(2048, data));
        Assert.False(data.GetSpan().ContainsAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ACorruptedByte_IsReadAsTheDeviceGivesIt_AndNoOther(Way way)
    {
        MappedDevice.Require("flakey");

        // A RAM disk ends a request at once; below one that does it piece by piece, older kernels lose the place of the byte.
        using OddDevice under = new("brd");
        using MappedDevice device = new(string.Create(CultureInfo.InvariantCulture, $"0 {Medium.Sectors} flakey {under.Path} 0 0 100 5 corrupt_bio_byte 32 r 1 0"));
        using ThreeLegs legs = new(way, device.Path);
        using IoMemory data = Data.Memory(4096, 5);
        data.GetSpan().Fill(0xEE);
        byte[] expected = data.GetSpan().ToArray();

        IoResult written = legs.Write(2048, data);
        if (written.Failed.Value == ThreeLegs.Odd && data.GetSpan().SequenceEqual(expected))
            Assert.Skip("this kernel's dm-flakey fails writes while it corrupts reads");
        Assert.Equal(default, written);
        legs.AssertSoundLegsHold(2048, expected);
        under.AssertHolds(2048, expected);
        data.GetSpan().Clear();
        Assert.Equal(default, legs.ReadMiddle(2048, data));
        expected[31] = 1;
        Data.AssertSame(expected, data.GetSpan(), "what was read");
    }

    /// <summary>Down from the start, with a feature that is not of every kernel.</summary>
    private static MappedDevice FlakeyWith(Medium under, string feature)
    {
        try
        {
            return MappedDevice.Over("flakey", under.Loop, "0 0 100 1 " + feature);
        }
        catch (IOException refused) when (refused.Message.Contains("Invalid argument", StringComparison.Ordinal))
        {
            Assert.Skip($"this kernel's dm-flakey does not know {feature}");
            throw;
        }
    }
}
