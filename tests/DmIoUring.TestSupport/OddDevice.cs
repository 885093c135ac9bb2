using System.Collections.Concurrent;
using DmIoUring.Devices;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.TestSupport;

/// <summary>A device that says something else of itself than the kernel does: what other kernels and other hardware would say.</summary>
internal static class OddDevice
{
    private static readonly ConcurrentDictionary<int, int> WholeSegments = new();

    public static BlockDevice Open(string path, Func<DeviceGeometry, DeviceGeometry> change)
    {
        SafeFileHandle handle = DeviceOpening.Open(path, new BlockDeviceOptions(), out _);
        return new BlockDevice(path, handle, ownsHandle: true, change(DeviceGeometry.Of(handle, path)));
    }

    /// <summary>As kernels before 6.18 have it: each piece of a transfer must be whole blocks.</summary>
    public static BlockDevice OpenForWholeSegments(string path)
    {
        BlockDevice device = Open(path, static geometry => geometry.WithSegments(SegmentRule.Whole));
        WholeSegments[device.Descriptor] = device.LogicalBlockSize;
        return device;
    }

    /// <summary>As a device that refuses non-blocking I/O and completes each transfer within the call.</summary>
    public static BlockDevice OpenInline(string path) => Open(path, Inline);

    public static DeviceGeometry Inline(DeviceGeometry geometry) =>
        geometry with { RefusesNonBlocking = true, CompletesInCall = true };

    /// <summary>Before the device closes: its descriptor's number will be another file's.</summary>
    public static void Forget(BlockDevice device) => WholeSegments.TryRemove(device.Descriptor, out _);

    /// <summary>What each piece of a transfer must be a multiple of, where the file behind a descriptor was opened so; otherwise 1.</summary>
    public static int SegmentAlignment(int descriptor) => WholeSegments.GetValueOrDefault(descriptor, 1);
}
