using DmIoUring.Interop;
using DmIoUring.Rings;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Devices;

/// <summary>Whether a ring carries a device's discards, asked of the device and not of the ring alone.</summary>
public sealed unsafe class RingDiscardTests
{
    [Theory]
    [InlineData(DeviceAccess.ReadWrite)]
    [InlineData(DeviceAccess.Read)]
    public void TheAnswer_IsWhatARealDiscardGets(DeviceAccess access)
    {
        Require.KernelRing();
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        Require.Discards(loop.Path);
        using BlockDevice device = BlockDevice.Open(loop.Path, access);
        using BlockDevice writable = BlockDevice.Open(loop.Path);
        DeviceAbilities abilities = device.ReadAbilities();
        Assert.True(abilities.MaxDiscardBytes > 0);
        Assert.Equal(Discard(writable.Descriptor, 4096) == 0, abilities.HasRingDiscards);
    }

    [Fact]
    public void AFile_IsNotAsked()
    {
        using ScratchFile file = ScratchFile.Create(4096);
        using BlockDevice device = BlockDevice.Open(file.Path);
        Assert.Null(device.ReadAbilities().HasRingDiscards);
    }

    [Fact]
    public void WhatTakesNoCommands_SaysNo()
    {
        Require.KernelRing();
        using ScratchFile file = ScratchFile.Create(4096);
        using BlockDevice device = BlockDevice.Open(file.Path);
        Assert.False(DiscardProbe.Run(device.Descriptor));
    }

    private static int Discard(int descriptor, ulong length)
    {
        using KernelRingHandle handle = KernelRingHandle.Create(capacity: 1);
        KernelRing ring = new(handle, capacity: 1);
        ring.Enable(register: false);
        IoUringSqe* entry = ring.TryNext(EntryRoute.NoPoll);
        *entry = default;
        entry->opcode = IoUring.IORING_OP_URING_CMD;
        entry->fd = descriptor;
        entry->cmd_op = BlockAbi.BLOCK_URING_CMD_DISCARD;
        entry->addr3 = length;
        Span<IoUringCqe> answer = stackalloc IoUringCqe[1];
        for (int i = 0; i < 100 && !ring.HasCompletions; i++)
            ring.Enter(1, 100_000_000, 0);
        Assert.Equal(1, ring.Take(answer));
        return answer[0].res;
    }
}
