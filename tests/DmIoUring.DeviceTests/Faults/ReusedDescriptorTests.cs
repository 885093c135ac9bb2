using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>A descriptor that its owner closes while the kernel works on it: its number must not become somebody else's meanwhile.</summary>
public sealed class ReusedDescriptorTests
{
    [Theory]
    [InlineData(DeviceKind.Loop512, false)]
    [InlineData(DeviceKind.Loop512, true)]
    [InlineData(DeviceKind.File, false)]
    public void TheHandleClosedInFlight_ItsNumberReused_HarmsNeither(DeviceKind kind, bool disposesDeviceToo)
    {
        using DmIoClient client = new();
        using FaultDevice medium = new(kind);
        using IoMemory data = Pattern.Memory(8192);
        int number = Libc.Open(medium.Path, FileAbi.O_RDWR | FileAbi.O_CLOEXEC | FileAbi.O_DIRECT, 0);
        Assert.True(number >= 0);
        using SafeFileHandle handle = new(number, ownsHandle: true);
        using BlockDevice device = BlockDevice.FromHandle(handle);
        Notification notification = new();
        List<ScratchFile> others = [];
        List<SafeFileHandle> open = [];
        try
        {
            using (Fault held = medium.File.Hold(MediumOperations.Write))
            {
                // Two regions: the second goes where the descriptor leads after the first was held.
                client.SubmitWrite([new IoRegion(device, 0, 8), new IoRegion(device, 64, 8)], data, Notification.Arrived, notification);
                Assert.True(held.WaitForHits(2, Notification.Limit));
                handle.Dispose();
                if (disposesDeviceToo)
                    device.Dispose();
                for (int i = 0; i < 50; i++)
                {
                    others.Add(ScratchFile.Create(64 << 10));
                    open.Add(File.OpenHandle(others[^1].Path, FileMode.Open, FileAccess.ReadWrite));
                    Assert.NotEqual(number, (int)open[^1].DangerousGetHandle());
                }

                Assert.Equal(medium.Path, File.ResolveLinkTarget($"/proc/self/fd/{number}", returnFinalTarget: false)!.FullName);
            }

            Assert.Equal(default, notification.Wait());
            medium.AssertHolds(0, data.GetSpan()[..4096]);
            medium.AssertHolds(64, data.GetSpan()[..4096]);
            Assert.All(others, static file => Assert.Equal(-1, File.ReadAllBytes(file.Path).AsSpan().IndexOfAnyExcept((byte)0)));
            Assert.Throws<ObjectDisposedException>(() => client.Write(new IoRegion(device, 0, 8), data));
            Assert.Equal(default, client.Write(medium.Region(8, 8), data));
        }
        finally
        {
            open.ForEach(static other => other.Dispose());
            others.ForEach(static other => other.Dispose());
        }
    }
}
