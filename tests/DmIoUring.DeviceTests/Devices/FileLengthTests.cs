using DmIoUring.DeviceTests.Client;
using DmIoUring.DeviceTests.Faults;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Devices;

/// <summary>Files whose length changes while they are open, by this program or by another one.</summary>
public sealed class FileLengthTests
{
    private const int Size = 64 << 10;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public unsafe void Allocate_MakesRoom_KeepsWhatIsThere_AndTheNewReadsAsZeroes(bool direct)
    {
        using ScratchFile file = ScratchFile.Create(Size);
        File.WriteAllBytes(file.Path, Pattern.Bytes(Size));
        using BlockDevice device = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = direct });
        Assert.Equal(4 * Size, device.Allocate(4 * Size));
        Assert.Equal((4L * Size, 4L * Size / 512), (device.Size, device.SectorCount));
        Statx stat;
        Assert.Equal(0, Libc.Statx(device.Descriptor, &stat));
        Assert.True(stat.stx_blocks * 512 >= 4 * Size, $"{stat.stx_blocks} sectors are allocated.");
        byte[] found = File.ReadAllBytes(file.Path);
        Assert.Equal(Pattern.Bytes(Size), found[..Size]);
        Assert.Equal(-1, found.AsSpan(Size).IndexOfAnyExcept((byte)0));

        // Never shorter.
        Assert.Equal(4 * Size, device.Allocate(Size));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void SetLength_IsWhatRequestsAreHeldAgainst_AtOnce(CallWay way)
    {
        using ScratchFile file = ScratchFile.Create(Size);
        using BlockDevice device = BlockDevice.Open(file.Path);
        using ClientUnderTest client = new(way);
        using IoMemory memory = Pattern.Memory(2 * Size);
        IoRegion all = new(device, 0, 2 * Size / 512);
        Assert.Equal(IoFailureCause.BeyondEnd, client.Write(all, memory).First.Cause);
        Assert.Equal(2 * Size, device.SetLength(2 * Size));
        Assert.Equal(default, client.Write(all, memory));
        Assert.Equal(Size, device.SetLength(Size));
        Assert.Equal(IoFailureCause.BeyondEnd, client.Write(all, memory).First.Cause);
        Assert.Equal(IoFailureCause.BeyondEnd, client.Read(new IoRegion(device, Size / 512, 8), memory).First.Cause);
        Assert.Equal(Pattern.Bytes(2 * Size)[..Size], File.ReadAllBytes(file.Path));
        Assert.Equal(0, device.SetLength(0));
    }

    [Fact]
    public void WhatHasNoLengthOfItsOwn_IsRefused()
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        using ScratchFile file = ScratchFile.Create(Size);
        using BlockDevice block = BlockDevice.Open(loop.Path);
        using BlockDevice readOnly = BlockDevice.Open(file.Path, DeviceAccess.Read);
        using BlockDevice writable = BlockDevice.Open(file.Path);
        foreach (Func<BlockDevice, long> change in (Func<BlockDevice, long>[])[static device => device.Allocate(4096), static device => device.SetLength(4096)])
        {
            Assert.Contains("is a block device", Assert.Throws<InvalidOperationException>(() => change(block)).Message, StringComparison.Ordinal);
            Assert.Contains("for reading only", Assert.Throws<InvalidOperationException>(() => change(readOnly)).Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => writable.Allocate(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => writable.SetLength(-1));
        Assert.Equal((1L << 20, (long)Size), (block.Refresh(), writable.Refresh()));
        writable.Dispose();
        Assert.Throws<ObjectDisposedException>(() => writable.Allocate(4096));
        Assert.Throws<ObjectDisposedException>(() => writable.SetLength(4096));
    }

    [Fact]
    public void WithoutRoom_TheErrnoIsThrown_AndTheSizeIsTheKernels()
    {
        using MountedFolder folder = MountedFolder.Tmpfs(1 << 20);
        string path = folder.PathOf("file");
        File.WriteAllBytes(path, new byte[Size]);
        using BlockDevice device = BlockDevice.Open(path, new BlockDeviceOptions { Direct = false });
        IOException full = Assert.Throws<IOException>(() => device.Allocate(2 << 20));
        Assert.Equal(Errno.ENOSPC, full.HResult);
        Assert.Contains("ENOSPC", full.Message, StringComparison.Ordinal);
        Assert.Equal(new FileInfo(path).Length, device.Size);
        using MountedFolder ext4 = MountedFolder.Ext4();
        File.WriteAllBytes(ext4.PathOf("file"), new byte[Size]);
        using BlockDevice bounded = BlockDevice.Open(ext4.PathOf("file"));
        Assert.Equal(Errno.EFBIG, Assert.Throws<IOException>(() => bounded.SetLength(1L << 60)).HResult);
        Assert.Equal(Size, bounded.Size);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void PastTheEndOfAFileThatWasCut_ReadsZeroesAndDiscardsFail(CallWay way)
    {
        using ScratchFile file = ScratchFile.Create(2 * Size);
        using BlockDevice device = BlockDevice.Open(file.Path);
        using ClientUnderTest client = new(way);
        using IoMemory memory = Pattern.Memory(2 * Size);
        Assert.Equal(default, client.Write(new IoRegion(device, 0, 2 * Size / 512), memory));
        using (FileStream other = new(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            other.SetLength(Size);
        IoRegion behind = new(device, Size / 512, 8);
        Assert.Equal(IoFailureCause.EndedEarly, client.Read(behind, memory).First.Cause);
        Assert.Equal(IoFailureCause.BeyondEnd, client.Maintain(IoOperation.WriteZeroes, behind).First.Cause);
        Assert.Equal(IoFailureCause.BeyondEnd, client.Maintain(IoOperation.Discard, behind).First.Cause);
        Assert.Equal(Size, new FileInfo(file.Path).Length);
        Assert.Equal(Size, device.Refresh());
        Assert.Equal(IoFailureCause.BeyondEnd, client.Write(behind, memory).First.Cause);
        Assert.Equal(Size, new FileInfo(file.Path).Length);
    }

    [Theory]
    [MemberData(nameof(Ways.AsIssued), MemberType = typeof(Ways))]
    public void ADirectReadThatMeetsAnEndInsideABlock_FailsThere(CallWay way)
    {
        using ScratchFile file = ScratchFile.Create(2 * Size);
        using BlockDevice device = BlockDevice.Open(file.Path);
        using ClientUnderTest client = new(way);
        using IoMemory memory = Pattern.Memory(2 * Size);
        Assert.Equal(default, client.Write(new IoRegion(device, 0, 2 * Size / 512), memory));
        using (FileStream other = new(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            other.SetLength(Size + 100);
        IoResult result = client.Read(new IoRegion(device, (Size / 512) - 8, 16), memory);
        Assert.Equal((Size / 512L, Errno.EIO, IoFailureCause.EndedEarly), (result.First.Sector, result.First.Errno, result.First.Cause));
        Assert.Equal(-1, memory.GetSpan()[4096..8192].IndexOfAnyExcept((byte)0));
    }
}
