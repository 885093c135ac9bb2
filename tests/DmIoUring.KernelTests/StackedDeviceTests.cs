using System.Globalization;
using DmIoUring.ScratchDevices;

namespace DmIoUring.KernelTests;

/// <summary>Devices that are made of others, or of memory, as one leg of three: every operation, exact bits, exact bytes.</summary>
public sealed class StackedDeviceTests
{
    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ARamDisk_DoesAsAnyDevice(Way way)
    {
        if (!File.Exists("/dev/ram1"))
            Assert.Skip("this kernel has no brd module");
        AssertServes(way, "/dev/ram1");
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ACompressedRamDisk_DoesAsAnyDevice(Way way)
    {
        if (ZramDevice.WhyUnavailable() is string obstacle)
            Assert.Skip(obstacle);
        using ZramDevice device = ZramDevice.Create(Medium.Sectors * 512);
        AssertServes(way, device.Path);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AMirrorOfTheDeviceMapper_DoesAsAnyDevice_AndBothHalvesHold(Way way)
    {
        MappedDevice.Require("mirror");
        using Medium left = new();
        using Medium right = new();
        string line = string.Create(CultureInfo.InvariantCulture, $"0 {Medium.Sectors} mirror core 2 1024 nosync 2 {left.Loop.Path} 0 {right.Loop.Path} 0");
        using MappedDevice device = new(line);
        byte[] written = AssertServes(way, device.Path);
        left.AssertHolds(0, written);
        right.AssertHolds(0, written);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AnArrayOfMd_DoesAsAnyDevice_AndBothHalvesHold(Way way)
    {
        if (!Tool.Exists("mdadm") || !File.Exists("/proc/mdstat"))
            Assert.Skip(Tool.Exists("mdadm") ? "this kernel has no md module" : "this machine has no mdadm");
        using Medium left = new();
        using Medium right = new();

        // No superblock, so nothing but the data lies on the halves.
        const string Array = "/dev/md77";
        Tool.Run("mdadm", "--build", Array, "--level=1", "--raid-devices=2", "--assume-clean", "--bitmap=none", left.Loop.Path, right.Loop.Path);
        try
        {
            byte[] written = AssertServes(way, Array);
            left.AssertHolds(0, written);
            right.AssertHolds(0, written);
        }
        finally
        {
            Tool.Run("mdadm", "--stop", Array);
        }
    }

    /// <summary>Everything that a request can ask for; returns what lies in the device's first 256 KiB at the end.</summary>
    private static byte[] AssertServes(Way way, string path)
    {
        using ThreeLegs legs = new(way, path);
        using IoMemory data = Data.Memory(256 << 10, 1);
        using IoMemory read = IoMemory.Allocate(256 << 10);
        Assert.Equal(default, legs.Write(0, data));
        Assert.Equal(default, legs.Write(0, data, IoFlags.Preflush | IoFlags.Fua));
        Assert.Equal(default, legs.Flush());

        IoResult discarded = legs.Discard(64, 64);
        Assert.Equal(0ul, discarded.Failed.Value);
        Assert.Equal(legs.WithoutDiscard, discarded.Unsupported.Value);
        Assert.Equal(default, legs.WriteZeroes(64, 64));

        byte[] expected = data.GetSpan().ToArray();
        expected.AsSpan(64 * 512, 64 * 512).Clear();
        Assert.Equal(default, legs.ReadMiddle(0, read));
        Data.AssertSame(expected, read.GetSpan(), path);
        legs.AssertSoundLegsHold(0, expected);
        return expected;
    }
}
