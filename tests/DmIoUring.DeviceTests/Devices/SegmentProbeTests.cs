using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Devices;

/// <summary>What a device says of the pieces of a transfer against what this kernel does with them.</summary>
public sealed unsafe class SegmentProbeTests
{
    private const long Size = 1 << 20;

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void ABlockDevice_SaysWhatTheKernelDoes(int block)
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { BlockSize = block });
        using BlockDevice device = BlockDevice.Open(loop.Path);
        Assert.Equal(WhatTheKernelTakes(device), device.SegmentAlignment);
        Assert.True(device.Geometry.IsSegmentRuleKnown);
    }

    [Fact]
    public void AFile_SaysWhatTheKernelDoes_AsSoonAsABlockIsOnTheMedium()
    {
        using ScratchFile file = ScratchFile.Create(Size);
        using BlockDevice device = BlockDevice.Open(file.Path);
        Assert.Equal(Math.Max(device.MemoryAlignment, device.LogicalBlockSize), device.SegmentAlignment);

        using DmIoClient client = new();
        using IoMemory memory = IoMemory.Allocate(Size);
        memory.GetSpan().Fill(7);
        Assert.Equal(default, client.Write(new IoRegion(device, 0, Size / 512), memory));
        device.Refresh();
        Assert.Equal(WhatTheKernelTakes(device), device.SegmentAlignment);
        Assert.Equal(Size, device.Size);
    }

    [Fact]
    public void AFileThatHadNoBlocks_IsAskedAgain_ByTheRequestsThatWouldGain()
    {
        using ScratchFile file = ScratchFile.Create(Size);
        using BlockDevice device = BlockDevice.Open(file.Path);
        int block = device.LogicalBlockSize;
        using DmIoClient client = new();
        using IoMemory memory = IoMemory.Allocate(Size);
        Assert.Equal(default, client.Write(new IoRegion(device, 0, Size / 512), memory));
        byte* start = (byte*)memory.Pointer;
        int first = Math.Min(device.MemoryAlignment, block / 2);
        IoVector[] odd = [new(start, (nuint)first), new(start + (4 * block), (nuint)((2 * block) - first))];
        for (int i = 0; i < 4; i++)
            Assert.Equal(default, client.Write(new IoRegion(device, 0, 2 * block / 512), IoBuffer.Vectors(odd)));
        Assert.Equal(WhatTheKernelTakes(device), device.SegmentAlignment);
    }

    [Fact]
    public void ABufferedDevice_AsksForNothing()
    {
        using ScratchFile file = ScratchFile.Create(Size);
        using BlockDevice device = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false });
        Assert.Equal(1, device.SegmentAlignment);
    }

    [Fact]
    public void ADeviceOfNoSize_AsksForWholeBlocks_UntilItHasOne()
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { BlockSize = 4096 });
        loop.Resize(0);
        using BlockDevice device = BlockDevice.Open(loop.Path);
        Assert.Equal((0, 4096), (device.Size, device.SegmentAlignment));
        loop.Resize(Size);
        device.Refresh();
        Assert.Equal(WhatTheKernelTakes(device), device.SegmentAlignment);
    }

    /// <summary>A real read in odd pieces.</summary>
    private static int WhatTheKernelTakes(BlockDevice device)
    {
        int block = device.LogicalBlockSize;
        int first = device.MemoryAlignment;
        if (first >= block)
            return first;
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)(2 * block), (nuint)block);
        Iovec* pieces = stackalloc Iovec[2]
        {
            new Iovec { iov_base = memory, iov_len = (nuint)first },
            new Iovec { iov_base = memory + block, iov_len = (nuint)(block - first) },
        };
        nint read = Libc.Preadv2(device.Descriptor, pieces, 2, 0, 0);
        NativeMemory.AlignedFree(memory);
        Assert.True(read == block || read == -Errno.EINVAL, Errno.Name((int)-read));
        return read == block ? first : block;
    }
}
