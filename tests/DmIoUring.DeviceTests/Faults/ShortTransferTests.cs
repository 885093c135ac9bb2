using DmIoUring.DeviceTests.Client;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>Real files that do a part of what they are asked for.</summary>
public sealed class ShortTransferTests
{
    private const int SizeLimit = 512 << 10;
    private const string FileVariable = "DMIOURING_TESTS_LIMITED_FILE";

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ReadsCutShortAtOddBytes_AreContinued_AndNotSeen(CallWay way)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 32 << 10 });
        using FaultDevice file = new(DeviceKind.File);
        using BlockDevice buffered = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false });
        byte[] bytes = Pattern.Bytes(64 << 10);
        file.File.Write(8, bytes);
        using IoMemory data = IoMemory.Allocate(64 << 10);
        foreach (BlockDevice device in (BlockDevice[])[file.Device, buffered])
        {
            int block = int.Max(device.OffsetAlignment, 512);
            foreach (int most in (int[])[block, block + 1, block + 511, (2 * block) - 1, (3 * block) + 77, (32 << 10) - 1])
            {
                data.GetSpan().Fill(0x55);
                using Fault fault = file.File.Shorten(MediumOperations.Read, most);
                Assert.Equal(default, client.Read(new IoRegion(device, 8, 128), data));
                Assert.True(data.GetSpan().SequenceEqual(bytes), $"cut after {most} bytes");
                Assert.True(fault.Hits >= (64 << 10) / most, $"cut after {most} bytes: {fault.Hits} reads");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AReadThatNeverGetsABlock_FailsThere_AfterABoundedNumberOfTries(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using FaultDevice file = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        using (Fault fault = file.File.Shorten(MediumOperations.Read, file.Device.OffsetAlignment - 1))
        {
            IoResult result = client.Read(file.Region(16, 8), data);
            Assert.Equal(("0b1", "0b0"), (result.Failed.ToString(), result.Unsupported.ToString()));
            Assert.Equal(new IoFailure(0, 16, Errno.EIO, IoFailureCause.EndedEarly), result.First);
            Assert.Equal(-1, data.GetSpan().IndexOfAnyExcept((byte)0));
            Assert.InRange(fault.Hits, 2, 100);
        }

        Assert.Equal(default, client.Read(file.Region(16, 8), data));
        Assert.Equal(-1, data.GetSpan().IndexOfAnyExcept(TestDevice.Untouched));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AReadThatGetsNothing_Ended(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using FaultDevice file = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        using Fault fault = file.File.Shorten(MediumOperations.Read, 0);
        IoResult result = client.Read(file.Region(16, 8), data);
        Assert.Equal(new IoFailure(0, 16, Errno.EIO, IoFailureCause.EndedEarly), result.First);
        Assert.Equal(-1, data.GetSpan().IndexOfAnyExcept((byte)0));
    }

    /// <summary>
    /// Asked by a system call, the kernel tells of a short write in user space; asked by a ring, asynchronously, it makes EIO of it
    /// (fuse_get_res_by_io, fs/fuse/file.c).
    /// </summary>
    [Theory]
    [InlineData(CallWay.Sync, true)]
    [InlineData(CallWay.SyncOnLane, true)]
    [InlineData(CallWay.Callback, false)]
    [InlineData(CallWay.Awaited, false)]
    public void ShortWrites_AreContinued_WhereTheKernelTellsTheLength(CallWay way, bool tells)
    {
        using ClientUnderTest client = new(way);
        using FaultDevice file = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(32 << 10);
        using (file.File.Shorten(MediumOperations.Write, 5000, times: 3))
        {
            IoResult result = client.Write(file.Region(8, 64), data);
            Assert.Equal(tells ? default : new IoFailure(0, 8, Errno.EIO, IoFailureCause.Device), result.First);
        }

        if (!tells)
            Assert.Equal(default, client.Write(file.Region(8, 64), data));
        file.AssertHolds(8, data.GetSpan());
    }

    [Fact]
    public void AtTheFileSizeLimit_WritesAreCutShort_AndTheRestIsTooBig()
    {
        // The runtime maps its code through a file in memory larger than the limit, unless it is told not to.
        using ScratchFile medium = ScratchFile.Create(2 * SizeLimit);
        string[] under =
        [
            "env", "--ignore-signal=XFSZ", "DOTNET_EnableWriteXorExecute=0", $"{FileVariable}={medium.Path}", "prlimit", $"--fsize={SizeLimit}",
        ];
        ExplicitTest.AssertPasses(under, typeof(ShortTransferTests), nameof(RunUnderAFileSizeLimit));
    }

    /// <summary>Meaningful only in the process that <see cref="AtTheFileSizeLimit_WritesAreCutShort_AndTheRestIsTooBig"/> starts.</summary>
    [Fact(Explicit = true)]
    public void RunUnderAFileSizeLimit() => Assert.All(Ways.Calls, WriteAcrossTheFileSizeLimit);

    private static void WriteAcrossTheFileSizeLimit(CallWay way)
    {
        string medium = Environment.GetEnvironmentVariable(FileVariable)!;
        using BlockDevice device = BlockDevice.Open(medium);
        using BlockDevice buffered = BlockDevice.Open(medium, new BlockDeviceOptions { Direct = false });
        using ClientUnderTest client = new(way);
        using IoMemory data = Pattern.Memory(8192);
        IoResult result = client.Write([new IoRegion(device, 0, 16), new IoRegion(device, 1016, 16), new IoRegion(buffered, 1017, 15)], data);
        Assert.Equal(("0b110", "0b0"), (result.Failed.ToString(), result.Unsupported.ToString()));
        Assert.Equal(new IoFailure(1, 1024, Errno.EFBIG, IoFailureCause.Device), result.First);
        Assert.Equal(new IoFailure(0, 1024, Errno.EFBIG, IoFailureCause.Device), client.Write(new IoRegion(device, 1016, 16), data).First);
        using IoMemory read = IoMemory.Allocate(8192);
        Assert.Equal(default, client.Read(new IoRegion(device, 1016, 16), read));
        Assert.True(read.GetSpan()[..4096].SequenceEqual(data.GetSpan()[..4096]));
        Assert.Equal(-1, read.GetSpan()[4096..].IndexOfAnyExcept((byte)0));
    }
}
