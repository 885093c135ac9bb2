using DmIoUring.DeviceTests.Faults;
using DmIoUring.Engine;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Requests that the kernel takes, and so must the library.</summary>
public sealed class UnaskedAlignmentTests(XfsFolder xfs) : IClassFixture<XfsFolder>
{
    /// <summary>An image of 2,048-byte blocks that is no whole pages, as optical ones are.</summary>
    private const int ImageSize = 2_050_048;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnImageOfNoWholePages_IsReadAndWrittenToItsEnd(bool btrfs)
    {
        using MountedFolder folder = btrfs ? MountedFolder.Btrfs() : MountedFolder.Tmpfs(8 << 20);
        string path = folder.PathOf("image");
        byte[] data = Pattern.Bytes(ImageSize);
        Write(path, data);
        Require.DirectIo(path);
        using BlockDevice device = BlockDevice.Open(path);
        Assert.Equal((512, 512), (device.LogicalBlockSize, device.ReadBlockSize));
        foreach (CallWay way in Ways.Calls)
        {
            using ClientUnderTest client = new(way);
            using IoMemory memory = IoMemory.Allocate(ImageSize);
            Assert.Equal(default, client.Read(IoRegion.Whole(device), memory));
            Assert.True(memory.GetSpan().SequenceEqual(data));
            memory.GetSpan()[..512].Fill((byte)way);
            data.AsSpan(ImageSize - 512).Fill((byte)way);
            Assert.Equal(default, client.Write(new IoRegion(device, (ImageSize / 512) - 1, 1), memory));
        }

        Assert.Equal(data, File.ReadAllBytes(path));
    }

    [Fact]
    public void AFileOfSharedBlocks_IsReadByTheDevicesBlock_AndWrittenByItsOwn()
    {
        string path = xfs.Mounted.PathOf("first");
        string twin = xfs.Mounted.PathOf("twin");
        byte[] data = Pattern.Bytes(1 << 20);
        Write(path, data);
        ChildProcess? linked = ChildProcess.Run("cp", "--reflink=always", path, twin);
        Require.That(linked is { ExitCode: 0 } ? null : "cp --reflink refuses: " + linked?.Errors);
        using BlockDevice device = BlockDevice.Open(twin);
        Require.That(device.ReadBlockSize < device.LogicalBlockSize ? null : "this kernel does not tell the alignment of reads apart (6.14)");
        Assert.Equal((4096, 512), (device.LogicalBlockSize, device.ReadBlockSize));
        foreach (CallWay way in Ways.Calls)
        {
            using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 16 << 10 });
            using IoMemory memory = IoMemory.Allocate(64 << 10);
            foreach ((long sector, int count) in ((long, int)[])[(1, 1), (3, 7), (5, 64), (9, 127)])
            {
                memory.GetSpan().Clear();
                Assert.Equal(default, client.Read(new IoRegion(device, sector, count), memory));
                Assert.True(memory.GetSpan()[..(count * 512)].SequenceEqual(data.AsSpan((int)sector * 512, count * 512)));
            }

            Assert.Equal(IoFailureCause.Misaligned, client.Write(new IoRegion(device, 1, 1), memory).First.Cause);
        }
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ThroughThePageCache_PartsOfABlock_CanBeZeroedAsWritten(CallWay way)
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20, new LoopDeviceOptions { BlockSize = 4096 });
        using BlockDevice device = BlockDevice.Open(loop.Path, new BlockDeviceOptions { Direct = false });
        using ClientUnderTest client = new(way);
        using IoMemory memory = Pattern.Memory(8192);
        Assert.Equal(default, client.Write(new IoRegion(device, 0, 16), memory));
        Assert.Equal(default, client.Maintain(IoOperation.WriteZeroes, new IoRegion(device, 3, 1), new IoRegion(device, 6, 5)));
        byte[] expected = Pattern.Bytes(8192);
        expected.AsSpan(3 * 512, 512).Clear();
        expected.AsSpan(6 * 512, 5 * 512).Clear();
        Assert.Equal(default, client.Read(new IoRegion(device, 0, 16), memory));
        Assert.True(memory.GetSpan().SequenceEqual(expected));
    }

    private static void Write(string path, byte[] data)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.Write);
        file.Write(data);

        // Where the blocks lie is told only of those that are written.
        file.Flush(flushToDisk: true);
    }
}
