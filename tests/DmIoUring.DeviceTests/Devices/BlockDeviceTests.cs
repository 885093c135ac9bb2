using System.Globalization;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.DeviceTests.Devices;

/// <summary>What an open device says of itself, on real block devices and files.</summary>
public sealed class BlockDeviceTests
{
    private const long Size = 1 << 20;
    private static readonly BlockDeviceOptions Buffered = new() { Direct = false };

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void ALoopDevice_HasTheGeometryItWasMadeWith(int blockSize)
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { BlockSize = blockSize });
        using BlockDevice device = BlockDevice.Open(loop.Path);
        Assert.Equal(loop.Path, device.Path);
        Assert.True(device.IsBlockDevice);
        Assert.True(device.IsDirect);
        Assert.False(device.IsReadOnly);
        Assert.Equal(Size, device.Size);
        Assert.Equal(Size / 512, device.SectorCount);
        Assert.Equal(blockSize, device.LogicalBlockSize);
        Assert.Equal(blockSize, device.OffsetAlignment);
        Assert.InRange(device.MemoryAlignment, 1, blockSize);
        Assert.Equal($"{loop.Path} ({Size} bytes, logical block {blockSize})", device.ToString());
    }

    [Fact]
    public void ABufferedBlockDevice_TakesAnyAddress_AndWholeSectors()
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { BlockSize = 4096 });
        using BlockDevice device = BlockDevice.Open(loop.Path, Buffered);
        Assert.False(device.IsDirect);
        Assert.Equal((1, 1, 512), (device.MemoryAlignment, device.OffsetAlignment, device.LogicalBlockSize));
    }

    [Fact]
    public void ADirectFile_HasAlignmentsThatRealIoAccepts()
    {
        using ScratchFile file = ScratchFile.Create(Size);
        using BlockDevice device = BlockDevice.Open(file.Path);
        Assert.False(device.IsBlockDevice);
        Assert.True(device.IsDirect);
        Assert.Equal(Size, device.Size);
        AssertReads(device, device.LogicalBlockSize, device.MemoryAlignment);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void ALoopDevice_HasAlignmentsThatRealIoAccepts(int blockSize)
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { BlockSize = blockSize });
        using BlockDevice device = BlockDevice.Open(loop.Path);
        AssertReads(device, device.LogicalBlockSize, device.MemoryAlignment);
    }

    [Fact]
    public void AFileInMemory_OpensBuffered_AndDirectOrSaysWhyNot()
    {
        using ScratchFile file = ScratchFile.Create(Size, "/dev/shm");
        using (BlockDevice buffered = BlockDevice.Open(file.Path, Buffered))
            Assert.Equal(Size, buffered.Size);

        // tmpfs has direct I/O since 6.6.
        Exception? refused = Record.Exception(() =>
        {
            using BlockDevice direct = BlockDevice.Open(file.Path);
            AssertReads(direct, direct.LogicalBlockSize, direct.MemoryAlignment);
        });
        if (refused is not null)
            Assert.Contains($"{file.Path} refuses direct I/O (EINVAL)", Assert.IsType<IOException>(refused).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileOfAnOddSize_HasWholeSectorsOnly()
    {
        using ScratchFile file = ScratchFile.Create(1025);
        using BlockDevice device = BlockDevice.Open(file.Path, Buffered);
        Assert.Equal((1025, 2), (device.Size, device.SectorCount));
    }

    [Fact]
    public void AnEmptyFile_HasNoSectors()
    {
        using ScratchFile file = ScratchFile.Create(0);
        using BlockDevice device = BlockDevice.Open(file.Path);
        Assert.Equal((0, 0), (device.Size, device.SectorCount));
    }

    [Fact]
    public void OpenedForReading_IsReadOnly()
    {
        using LoopDevice loop = RequireLoop.Create(Size);
        using BlockDevice device = BlockDevice.Open(loop.Path, DeviceAccess.Read);
        Assert.True(device.IsReadOnly);
    }

    [Fact]
    public void AReadOnlyBlockDevice_OpenedForWriting_IsRefusedOrKnownReadOnly()
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { ReadOnly = true });
        AssertRefusedOrReadOnly(loop.Path);
    }

    [Fact]
    public void ABlockDeviceMadeReadOnlyWhileOpen_IsReadOnlyAfterRefresh()
    {
        using LoopDevice loop = RequireLoop.Create(Size);
        using BlockDevice device = BlockDevice.Open(loop.Path);
        Assert.False(device.IsReadOnly);
        SetReadOnly(loop, 1);
        device.Refresh();
        Assert.True(device.IsReadOnly);
        AssertRefusedOrReadOnly(loop.Path);
        SetReadOnly(loop, 0);
        device.Refresh();
        Assert.False(device.IsReadOnly);
    }

    [Theory]
    [InlineData(Size / 2)]
    [InlineData(Size * 2)]
    public void Refresh_AfterTheDeviceWasResized_TellsTheNewSize(long size)
    {
        using LoopDevice loop = RequireLoop.Create(Size);
        using BlockDevice device = BlockDevice.Open(loop.Path);
        loop.Resize(size);
        Assert.Equal(Size, device.Size);
        Assert.Equal(size, device.Refresh());
        Assert.Equal(size, device.Size);
        Assert.Equal(size / 512, device.SectorCount);
    }

    [Fact]
    public void Refresh_AfterTheFileWasCut_TellsTheNewSize()
    {
        using ScratchFile file = ScratchFile.Create(Size);
        using BlockDevice device = BlockDevice.Open(file.Path);
        using (SafeFileHandle handle = File.OpenHandle(file.Path, FileMode.Open, FileAccess.Write))
            RandomAccess.SetLength(handle, 8192);
        Assert.Equal(8192, device.Refresh());
        Assert.Equal(16, device.SectorCount);
    }

    [Fact]
    public void AfterDispose_EverythingThatAsksTheKernel_IsRefused()
    {
        using LoopDevice loop = RequireLoop.Create(Size);
        BlockDevice device = BlockDevice.Open(loop.Path);
        device.Dispose();
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.Refresh());
        Assert.Throws<ObjectDisposedException>(device.ReadAbilities);
        Assert.Throws<ObjectDisposedException>(device.AddReference);
        Assert.Equal(Size, device.Size);
        Assert.Contains(loop.Path, device.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_WhileReferenced_ClosesOnlyWithTheLastReference()
    {
        using ScratchFile file = ScratchFile.Create(4096);
        BlockDevice device = BlockDevice.Open(file.Path);
        string link = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{device.Descriptor}");
        device.AddReference();
        device.AddReference();
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(device.AddReference);
        device.Release();
        Assert.Equal(file.Path, File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName);
        device.Release();

        // The number may be another file's by now, and never this one's.
        Assert.NotEqual(file.Path, TargetOf(link), StringComparer.Ordinal);
    }

    [Fact]
    public void ReadAbilities_OfALoopDevice_AreWhatSysfsSays()
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { BlockSize = 4096 });
        using BlockDevice device = BlockDevice.Open(loop.Path);
        DeviceAbilities abilities = device.ReadAbilities();
        string queue = $"/sys/block/{Path.GetFileName(loop.Path)}/queue/";
        Assert.Equal(string.Equals(Sysfs("write_cache"), "write back", StringComparison.Ordinal), abilities.HasVolatileCache);
        Assert.Equal(!string.Equals(Sysfs("fua"), "0", StringComparison.Ordinal), abilities.HasFua);
        Assert.Equal(Sysfs("discard_max_bytes"), abilities.MaxDiscardBytes?.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(Sysfs("write_zeroes_max_bytes"), abilities.MaxWriteZeroesBytes?.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(Sysfs("physical_block_size"), abilities.PhysicalBlockSize.ToString(CultureInfo.InvariantCulture));
        Assert.EndsWith($"/{Path.GetFileName(loop.Path)}/queue", abilities.Source, StringComparison.Ordinal);

        string Sysfs(string name) => File.ReadAllText(queue + name).Trim();
    }

    [Fact]
    public void ReadAbilities_OfAFileOnNoBlockDevice_AreNotTold()
    {
        using ScratchFile file = ScratchFile.Create(Size, "/dev/shm");
        using BlockDevice device = BlockDevice.Open(file.Path, Buffered);
        DeviceAbilities abilities = device.ReadAbilities();
        Assert.Null(abilities.HasVolatileCache);
        Assert.Null(abilities.HasFua);
        Assert.Null(abilities.MaxDiscardBytes);
        Assert.Null(abilities.MaxWriteZeroesBytes);
        Assert.StartsWith("not told:", abilities.Source, StringComparison.Ordinal);
    }

    private static string? TargetOf(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static void AssertRefusedOrReadOnly(string path)
    {
        // Kernels differ in whether they refuse the open (EACCES) or every write on it (EPERM).
        Exception? refused = Record.Exception(() =>
        {
            using BlockDevice device = BlockDevice.Open(path);
            Assert.True(device.IsReadOnly);
        });
        if (refused is not null)
        {
            string message = Assert.IsType<UnauthorizedAccessException>(refused).Message;
            Assert.Contains($"{path} can't be opened for reading and writing", message, StringComparison.Ordinal);
            Assert.Contains("Open it with DeviceAccess.Read", message, StringComparison.Ordinal);
        }

        using BlockDevice readable = BlockDevice.Open(path, DeviceAccess.Read);
        Assert.True(readable.IsReadOnly);
    }

    private static unsafe void AssertReads(BlockDevice device, int unit, int alignment)
    {
        using IoMemory memory = IoMemory.Allocate(unit + alignment);
        Assert.Equal(unit, Libc.Pread(device.Descriptor, (byte*)memory.Pointer + alignment, (nuint)unit, unit));
    }

    private static unsafe void SetReadOnly(LoopDevice loop, int on)
    {
        using SafeFileHandle handle = File.OpenHandle(loop.Path);
        Assert.Equal(0, Libc.Ioctl(handle, BlockAbi.BLKROSET, &on));
    }
}
