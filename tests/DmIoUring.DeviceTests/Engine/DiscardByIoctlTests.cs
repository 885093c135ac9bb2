using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Engine;

public sealed class DiscardByIoctlTests
{
    /// <summary>Rings without the operation answer EOPNOTSUPP by the device, or EINVAL where they know no commands at all (before 5.19).</summary>
    [Theory]
    [InlineData(true, Errno.EOPNOTSUPP)]
    [InlineData(false, Errno.EINVAL)]
    public void Discard_ThatTheRingHasNot_IsDoneByIoctl_OnTheDeviceItself(bool hasCommands, int errno)
    {
        using RingScript script = new() { HasCommands = hasCommands };
        using EngineBench bench = new(script);
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        Require.Discards(loop.Path);
        using BlockDevice device = BlockDevice.Open(loop.Path);
        byte[] ones = new byte[1 << 20];
        ones.AsSpan().Fill(1);
        RandomAccess.Write(loop.BackingHandle, ones, 0);
        script.Answer = entry => entry.opcode == IoUring.IORING_OP_URING_CMD ? -errno : script.Whole(entry);

        Request request = bench.StartWith(IoOperation.Discard, default, default, new IoRegion(device, 8, 16));
        bench.RunToEnd(request);

        Assert.True(request.Result.IsSuccess, request.Result.ToString());
        byte[] backing = new byte[1 << 20];
        RandomAccess.Read(loop.BackingHandle, backing, 0);
        Assert.Equal(-1, backing.AsSpan(0, 4096).IndexOfAnyExcept((byte)1));
        Assert.Equal(-1, backing.AsSpan(4096, 8192).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, backing.AsSpan(4096 + 8192).IndexOfAnyExcept((byte)1));
    }
}
