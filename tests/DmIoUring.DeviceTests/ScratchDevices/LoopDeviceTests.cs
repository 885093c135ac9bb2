using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.DeviceTests.ScratchDevices;

public sealed class LoopDeviceTests
{
    private const long Size = 1 << 20;

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Create_GivesADeviceOfTheSizeAndBlockAskedFor(int blockSize)
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { BlockSize = blockSize });
        using BlockDevice device = BlockDevice.Open(loop.Path);

        Assert.True(device.IsBlockDevice);
        Assert.Equal(Size, device.Size);
        Assert.Equal(Size, loop.Size);
        Assert.Equal(blockSize, device.LogicalBlockSize);
        Assert.False(device.IsReadOnly);
    }

    [Fact]
    public void Create_ReadOnly_GivesAReadOnlyDevice()
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { ReadOnly = true });
        using BlockDevice device = BlockDevice.Open(loop.Path, DeviceAccess.Read);
        Assert.True(device.IsReadOnly);
    }

    [Fact]
    public void Create_InMemory_Works()
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { Folder = "/dev/shm" });
        Assert.Equal(Size, loop.Size);
    }

    [Fact]
    public void Create_WithoutDirectIo_SaysSo()
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { DirectIo = false });
        Assert.False(loop.DirectIo);
    }

    [Fact]
    public void Create_LeavesNoNameInTheFolder()
    {
        using ScratchFolder folder = ScratchFolder.Create();
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { Folder = folder.Path });
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(1000)]
    public void Create_SizeOffTheBlock_IsRefused(long size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => LoopDevice.Create(size));

    [Fact]
    public void Create_FromManyThreadsAtOnce_GivesEachItsOwnDevice()
    {
        RequireLoop.Here();
        LoopDevice[] loops = new LoopDevice[12];
        Parallel.For(0, loops.Length, index => loops[index] = LoopDevice.Create(Size));
        try
        {
            Assert.Equal(loops.Length, loops.Select(loop => loop.Path).Distinct(StringComparer.Ordinal).Count());
        }
        finally
        {
            foreach (LoopDevice loop in loops)
                loop.Dispose();
        }
    }

    [Fact]
    public void Dispose_DetachesTheDevice()
    {
        LoopDevice loop = RequireLoop.Create(Size);
        string attached = $"/sys/block/{Path.GetFileName(loop.Path)}/loop/backing_file";
        string backing = File.ReadAllText(attached);

        loop.Dispose();

        // Another test may have taken the number at once.
        string? now = File.Exists(attached) ? File.ReadAllText(attached) : null;
        Assert.False(string.Equals(backing, now, StringComparison.Ordinal));
        loop.Dispose();
    }

    [Fact]
    public void TruncateBacking_ReadsPastTheFilesEndFail_AndTheSizeStays()
    {
        using LoopDevice loop = RequireLoop.Create(Size);
        loop.TruncateBacking(Size / 2);
        Assert.Equal(Size, loop.Size);
        using FileStream stream = File.OpenRead(loop.Path);
        stream.Position = Size / 2;
        Assert.Throws<IOException>(() => stream.ReadExactly(new byte[4096]));
    }

    [Fact]
    public void SealBacking_WritesPastTheFilesEndFail_AndThoseBeforeSucceed()
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { Sealable = true });
        loop.SealBacking(Size / 2);
        Assert.Equal(Size, loop.Size);
        using SafeFileHandle device = File.OpenHandle(loop.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.Write(device, new byte[4096], Size / 2 - 4096);
        Assert.Equal(0, Flush(device));
        RandomAccess.Write(device, new byte[4096], Size / 2);
        Assert.Equal(-Errno.EIO, Flush(device));
    }

    [Fact]
    public void Resize_ChangesTheDeviceUnderItsUsers()
    {
        using LoopDevice loop = RequireLoop.Create(Size);
        using BlockDevice device = BlockDevice.Open(loop.Path);
        loop.Resize(Size / 2);
        Assert.Equal(Size, device.Size);
        Assert.Equal(Size / 2, device.Refresh());
    }

    /// <summary>Not RandomAccess.FlushToDisk: it keeps a flush's EIO to itself.</summary>
    private static int Flush(SafeFileHandle handle) => Libc.Fdatasync((int)handle.DangerousGetHandle());
}
