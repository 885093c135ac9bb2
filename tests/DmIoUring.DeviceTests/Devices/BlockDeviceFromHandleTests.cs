using System.IO.Pipes;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.DeviceTests.Devices;

/// <summary>Devices made from a handle that the caller opened.</summary>
public sealed class BlockDeviceFromHandleTests
{
    private const int O_DSYNC = 0x1000;
    private const int O_SYNC = 0x101000;

    [Fact]
    public void Null_Throws() => Assert.Throws<ArgumentNullException>(() => BlockDevice.FromHandle(null!));

    [Fact]
    public void AClosedHandle_IsRefused()
    {
        using ScratchFile file = ScratchFile.Create(4096);
        SafeFileHandle handle = File.OpenHandle(file.Path);
        handle.Dispose();
        ArgumentException refused = Assert.Throws<ArgumentException>(() => BlockDevice.FromHandle(handle));
        Assert.Equal("handle", refused.ParamName);
        Assert.Contains("closed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnInvalidHandle_IsRefused() =>
        Assert.Equal("handle", Assert.Throws<ArgumentException>(() => BlockDevice.FromHandle(new SafeFileHandle(-1, ownsHandle: false))).ParamName);

    [Fact]
    public void APipe_IsRefused()
    {
        using AnonymousPipeServerStream pipe = new();
        using SafeFileHandle handle = new(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        IOException refused = Assert.Throws<IOException>(() => BlockDevice.FromHandle(handle));
        Assert.Contains("Name a block device or a regular file.", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FileAbi.O_RDWR | FileAbi.O_APPEND, "O_APPEND")]
    [InlineData(FileAbi.O_RDONLY | FileAbi.O_APPEND, "O_APPEND")]
    [InlineData(FileAbi.O_PATH, "O_PATH")]
    [InlineData(FileAbi.O_WRONLY, "writing only")]
    [InlineData(FileAbi.O_RDWR | FileAbi.O_NONBLOCK, "O_NONBLOCK")]
    public void AHandleWithAModeThatChangesTransfers_IsRefusedByName(int flags, string says)
    {
        using ScratchFile file = ScratchFile.Create(4096);
        foreach (int direct in (int[])[0, FileAbi.O_DIRECT])
        {
            using SafeFileHandle handle = Open(file.Path, flags | direct);
            IOException refused = Assert.Throws<IOException>(() => BlockDevice.FromHandle(handle, ownsHandle: true));
            Assert.Contains(says, refused.Message, StringComparison.Ordinal);
            Assert.Contains(file.Path, refused.Message, StringComparison.Ordinal);
            Assert.False(handle.IsClosed);
        }
    }

    [Theory]
    [InlineData(FileAbi.O_RDWR | O_DSYNC)]
    [InlineData(FileAbi.O_RDWR | O_SYNC)]
    public void AHandleThatWritesThrough_Works(int flags)
    {
        using ScratchFile file = ScratchFile.Create(4096);
        using SafeFileHandle handle = Open(file.Path, flags);
        using BlockDevice device = BlockDevice.FromHandle(handle);
        using DmIoClient client = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        memory.GetSpan().Fill(9);
        Assert.Equal(default, client.Write(new IoRegion(device, 0, 8), memory));
        Assert.Equal(-1, File.ReadAllBytes(file.Path).AsSpan().IndexOfAnyExcept((byte)9));
    }

    [Fact]
    public void AppendingSetAfterwards_IsFoundByRefresh()
    {
        using ScratchFile file = ScratchFile.Create(4096);
        using SafeFileHandle handle = Open(file.Path, FileAbi.O_RDWR);
        using BlockDevice device = BlockDevice.FromHandle(handle);
        Assert.Equal(0, Libc.Fcntl(device.Descriptor, FileAbi.F_SETFL, FileAbi.O_APPEND));
        Assert.Contains("O_APPEND", Assert.Throws<IOException>(() => device.Refresh()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheHandlesOwnFlags_SayDirectAndReadOnly()
    {
        using ScratchFile file = ScratchFile.Create(4096);
        using (SafeFileHandle handle = File.OpenHandle(file.Path, FileMode.Open, FileAccess.Read))
        using (BlockDevice device = BlockDevice.FromHandle(handle))
        {
            Assert.Equal((false, true), (device.IsDirect, device.IsReadOnly));
            Assert.Equal(4096, device.Size);
            Assert.Equal(file.Path, device.Path);
        }

        using (SafeFileHandle handle = Open(file.Path, FileAbi.O_RDWR | FileAbi.O_DIRECT))
        using (BlockDevice device = BlockDevice.FromHandle(handle))
        {
            Assert.Equal((true, false), (device.IsDirect, device.IsReadOnly));
        }
    }

    [Fact]
    public void ABlockDevicesHandle_Works()
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20, new LoopDeviceOptions { BlockSize = 4096 });
        using SafeFileHandle handle = Open(loop.Path, FileAbi.O_RDWR | FileAbi.O_DIRECT);
        using BlockDevice device = BlockDevice.FromHandle(handle);
        Assert.Equal((loop.Path, true, true, 4096), (device.Path, device.IsBlockDevice, device.IsDirect, device.LogicalBlockSize));
    }

    [Fact]
    public void AFileWithoutAName_Works()
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        using BlockDevice device = BlockDevice.FromHandle(loop.BackingHandle);
        Assert.Equal((false, 1L << 20), (device.IsBlockDevice, device.Size));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Dispose_ClosesTheHandle_OnlyWhenItOwnsIt(bool ownsHandle)
    {
        using ScratchFile file = ScratchFile.Create(4096);
        using SafeFileHandle handle = File.OpenHandle(file.Path);
        BlockDevice device = BlockDevice.FromHandle(handle, ownsHandle);
        device.Dispose();
        Assert.Equal(ownsHandle, handle.IsClosed);
        Assert.Throws<ObjectDisposedException>(device.AddReference);
    }

    [Fact]
    public void TheHandleClosedByItsOwner_OutlivesRequests_RefusesNewOnes()
    {
        using ScratchFile file = ScratchFile.Create(4096);
        SafeFileHandle handle = File.OpenHandle(file.Path);
        using BlockDevice device = BlockDevice.FromHandle(handle);
        device.AddReference();
        handle.Dispose();
        Assert.True(Libc.Fcntl(device.Descriptor, FileAbi.F_GETFL, 0) >= 0);
        device.Release();
        Assert.Throws<ObjectDisposedException>(device.AddReference);
    }

    [Fact]
    public void ARefusedHandle_IsNotClosed_EvenWhenItWasToBeOwned()
    {
        using AnonymousPipeServerStream pipe = new();
        using SafeFileHandle handle = new(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        Assert.Throws<IOException>(() => BlockDevice.FromHandle(handle, ownsHandle: true));
        Assert.False(handle.IsClosed);
    }

    private static SafeFileHandle Open(string path, int flags)
    {
        int descriptor = Libc.Open(path, flags | FileAbi.O_CLOEXEC, 0);
        Assert.True(descriptor >= 0, Errno.Name(-descriptor));
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }
}
