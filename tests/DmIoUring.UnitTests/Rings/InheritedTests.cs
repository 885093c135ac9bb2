using System.Globalization;
using System.Reflection;
using DmIoUring.Memory;
using DmIoUring.Rings;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Rings;

/// <summary>What a program that the embedder starts must not get: descriptors (close-on-exec), and mappings of the rings and the pool (not in a forked child).</summary>
[Collection(AloneCollection.Name)]
public sealed class InheritedTests
{
    private const int CloseOnExec = 0x80000;

    [Theory]
    [InlineData(DeviceAccess.Read, true)]
    [InlineData(DeviceAccess.Read, false)]
    [InlineData(DeviceAccess.ReadWrite, true)]
    [InlineData(DeviceAccess.ReadWrite, false)]
    public void Device_IsClosedOnExec(DeviceAccess access, bool direct)
    {
        using ScratchFile file = ScratchFile.Create(1 << 20);
        using BlockDevice device = BlockDevice.Open(file.Path, new BlockDeviceOptions { Access = access, Direct = direct });
        Assert.Equal(CloseOnExec, FlagsOf(device.Descriptor) & CloseOnExec);
    }

    [Fact]
    public void WakeEvent_IsClosedOnExec()
    {
        using WakeEvent wake = new();
        Assert.Equal(CloseOnExec, FlagsOf(wake.Descriptor) & CloseOnExec);
    }

    [Fact]
    public unsafe void Ring_IsClosedOnExec_AndNotInAForkedChild()
    {
        using KernelRingHandle ring = KernelRingHandle.Create(8);
        Assert.Equal(CloseOnExec, FlagsOf(ring.Descriptor) & CloseOnExec);
        foreach (string field in new[] { "_rings", "_entries" })
        {
            object mapping = typeof(KernelRingHandle).GetField(field, BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(ring)!;
            Assert.Contains("dc", OwnMappings.FlagsOf(Pointer.Unbox(mapping)), StringComparer.Ordinal);
        }
    }

    /// <summary>One of huge pages too, where the host has some: it is mapped elsewhere.</summary>
    [Theory]
    [InlineData(16)]
    [InlineData(512)]
    [InlineData(600)]
    public unsafe void Pool_IsNotInAForkedChild(int pages)
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(pages);
        Assert.Contains("dc", OwnMappings.FlagsOf(pool.Extents[0].Start), StringComparer.Ordinal);
    }

    private static int FlagsOf(int descriptor)
    {
        string line = File.ReadLines($"/proc/self/fdinfo/{descriptor.ToString(CultureInfo.InvariantCulture)}").Single(static line => line.StartsWith("flags:", StringComparison.Ordinal));
        return Convert.ToInt32(line["flags:".Length..].Trim(), 8);
    }
}
