using DmIoUring.Devices;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>Writes that must reach the device in one piece: atomic ones, and those to a zone that is written in order.</summary>
public sealed unsafe class WholeWriteTests
{
    private const int Size = 1 << 20;

    [Theory]
    [InlineData("aligned", 64 << 10, Size)]
    [InlineData("aligned", Size, Size)]
    [InlineData("aligned", Size, 64 << 10)]
    [InlineData("3 bytes off", Size, 4096)]
    [InlineData("3 bytes off", Size, 512 << 10)]
    [InlineData("3 bytes off", Size, Size)]
    [InlineData("512 bytes off a page", Size, 512 << 10)]
    [InlineData("512 bytes off a page", Size, Size)]
    [InlineData("two vectors", Size, 8192)]
    [InlineData("two vectors", Size, Size)]
    [InlineData("pages", Size, 512 << 10)]
    [InlineData("pages", 64 << 10, Size)]
    [InlineData("scattered pages", Size, 256 << 10)]
    public void AnAtomicWrite_IsOnePlainEntry_WhateverTheMemory(string memory, int chunkBytes, int bytes)
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(1024);
        using RingScript script = new();
        using EngineBench bench = new(script, chunkBytes: chunkBytes, pool: pool, geometry: Atomic);
        PageList[] singles = string.Equals(memory, "scattered pages", StringComparison.Ordinal) ? [.. Enumerable.Range(0, 128).Select(_ => pool.Rent(1))] : [];
        for (int i = 0; i < singles.Length; i += 2)
            singles[i].Dispose();
        using PageList pages = memory.EndsWith("pages", StringComparison.Ordinal) ? pool.Rent(bytes / 4096) : default;
        byte* start = (byte*)bench.Memory.Pointer;
        IoBuffer buffer = memory switch
        {
            "aligned" => IoBuffer.Contiguous(start, bytes),
            "3 bytes off" => IoBuffer.Contiguous(start + 3, bytes),
            "512 bytes off a page" => IoBuffer.Contiguous(start + 512, bytes),
            "two vectors" => IoBuffer.Vectors((IoVector[])[new IoVector(start, 4096), new IoVector(start + 8192, (nuint)(bytes - 4096))]),
            _ => IoBuffer.Pages(pages, 0),
        };

        Request request = bench.StartWith(IoOperation.Write, buffer, IoFlags.Atomic, new IoRegion(bench.Devices[0], 0, bytes / 512));
        bench.RunToEnd(request);

        Assert.Equal(default, request.Result);
        IoUringSqe entry = Assert.Single(script.Taken);
        Assert.Equal(
            (IoUring.IORING_OP_WRITE, (uint)bytes, (uint)FileAbi.RWF_ATOMIC), (entry.opcode, entry.len, entry.rw_flags));
        long offPage = (long)(entry.addr & 4095);
        Assert.True(offPage == 0 || offPage + bytes <= 256 * 4096, $"It touches more than 256 pages from {offPage} bytes off a page.");
        for (int i = 1; i < singles.Length; i += 2)
            singles[i].Dispose();
        AssertOnDisk(bench, script, buffer, bytes);
    }

    [Fact]
    public void AtomicWritesThatNeedACopy_WaitForEachOther_AndAllArrive()
    {
        using RingScript script = new(capacity: 32, queueLength: 32);
        using EngineBench bench = new(script, geometry: Atomic);
        byte* start = (byte*)bench.Memory.Pointer + 1;
        List<Request> requests = [];
        for (int i = 0; i < 8; i++)
        {
            int bytes = i % 2 == 0 ? 512 << 10 : Size;
            requests.Add(bench.StartWith(
                IoOperation.Write, IoBuffer.Contiguous(start, bytes), IoFlags.Atomic, new IoRegion(bench.Devices[i % 3], 0, bytes / 512), new IoRegion(bench.Devices[(i + 1) % 3], 2048, bytes / 512)));
        }

        requests.ForEach(bench.RunToEnd);
        Assert.All(requests, static request => Assert.Equal(default, request.Result));
        Assert.Equal(16, script.Taken.Count);
        for (int i = 0; i < 3; i++)
            Assert.True(script.Disk(bench.Devices[i]).AsSpan(0, Size).SequenceEqual(new ReadOnlySpan<byte>(start, Size)));
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(512)]
    public void AnAtomicWriteThatTheKernelCutShort_HasFailed_AndIsNotContinued(int came)
    {
        using RingScript script = new();
        using EngineBench bench = new(script, geometry: Atomic);
        script.Answer = _ => came;

        Request request = bench.StartWith(IoOperation.Write, bench.Memory, IoFlags.Atomic, new IoRegion(bench.Devices[0], 0, 16));
        bench.RunToEnd(request);

        Assert.Equal("0b1", request.Result.Failed.ToString());
        Assert.Equal(new IoFailure(0, 0, Errno.EIO, IoFailureCause.Device), request.Result.First);
        Assert.Single(script.Taken);
    }

    [Fact]
    public void AnAtomicWrite_IsTriedAgainAsAWhole()
    {
        using RingScript script = new();
        using EngineBench bench = new(script, geometry: Atomic);
        script.Answer = entry => script.Taken.Count < 4 ? -Errno.EAGAIN : script.Whole(entry);

        Request request = bench.StartWith(IoOperation.Write, IoBuffer.Contiguous((byte*)bench.Memory.Pointer + 3, 8192), IoFlags.Atomic, new IoRegion(bench.Devices[0], 16, 16));
        bench.RunToEnd(request);

        Assert.Equal(default, request.Result);
        Assert.Equal(4, script.Taken.Count);
        Assert.All(script.Taken, static entry => Assert.Equal((8192u, (uint)FileAbi.RWF_ATOMIC), (entry.len, entry.rw_flags)));
    }

    [Fact]
    public void ACopyThatTheHostHasNoMemoryFor_IsTold_AndTheOldPieceStays()
    {
        nuint asked = 0;
        using Bounce bounce = new(4096, bytes => (asked = bytes) > 100_000 ? 0 : (nint)System.Runtime.InteropServices.NativeMemory.AlignedAlloc(bytes, 4096));
        Assert.True(bounce.TryReserve(4096));
        Assert.Equal((nuint)0, asked);
        Assert.True(bounce.TryReserve(65536));
        Assert.False(bounce.TryReserve(200_000));
        Assert.False(bounce.TryTake(default, 65536, out _, out _));
        Assert.True(bounce.TryReserve(65536));
        Assert.True(bounce.TryTake(default, 65536, out byte piece, out byte* memory));
        Assert.NotEqual(0, (nint)memory);
        Assert.True(bounce.TryReserve(200_000));
        Assert.False(bounce.TryTake(default, 200_000, out _, out _));
        bounce.Return(piece, default, copyBack: false);
    }

    [Theory]
    [InlineData(nameof(IoOperation.Read), 0, 256, 2, IoFailureCause.None, 0)]
    [InlineData(nameof(IoOperation.Write), 0, 256, 2, IoFailureCause.None, 0)]
    [InlineData(nameof(IoOperation.Write), 2048, 128, 1, IoFailureCause.None, 0)]
    [InlineData(nameof(IoOperation.Write), 2048, 136, 0, IoFailureCause.Zoned, Errno.EINVAL)]
    [InlineData(nameof(IoOperation.Write), 1984, 136, 0, IoFailureCause.Zoned, Errno.EINVAL)]
    [InlineData(nameof(IoOperation.Read), 2048, 1024, 8, IoFailureCause.None, 0)]
    [InlineData(nameof(IoOperation.Discard), 1984, 64, 1, IoFailureCause.None, 0)]
    [InlineData(nameof(IoOperation.Discard), 1984, 72, 0, IoFailureCause.Zoned, Errno.EOPNOTSUPP)]
    [InlineData(nameof(IoOperation.WriteZeroes), 2048, 8, 0, IoFailureCause.Zoned, Errno.EOPNOTSUPP)]
    public void AZoneThatIsWrittenInOrder_TakesOnePieceOrSaysWhy(string operation, long sector, long count, int pieces, IoFailureCause cause, int errno)
    {
        using RingScript script = new();
        using EngineBench bench = new(script, chunkBytes: 64 << 10, geometry: Zoned);

        Request request = bench.Start(Enum.Parse<IoOperation>(operation), new IoRegion(bench.Devices[0], sector, count));
        bench.RunToEnd(request);

        Assert.Equal((errno, cause), (request.Result.First.Errno, request.Result.First.Cause));
        Assert.Equal((errno == 0, true), (request.Result.Unsupported.IsEmpty, request.Result.Failed.IsEmpty));
        Assert.Equal(pieces, script.Taken.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AWriteToSuchAZone_FromOddMemory_IsOnePiece(bool vectors)
    {
        using RingScript script = new();
        using EngineBench bench = new(script, chunkBytes: Size, geometry: Zoned);
        byte* start = (byte*)bench.Memory.Pointer;
        IoBuffer buffer = vectors
            ? IoBuffer.Vectors((IoVector[])[new IoVector(start, 4096), new IoVector(start + 8192, Size - 4096)])
            : IoBuffer.Contiguous(start + 1, Size);
        Request request = bench.StartWith(IoOperation.Write, buffer, default, new IoRegion(bench.Devices[0], 2048, Size / 512));
        bench.RunToEnd(request);
        Assert.Equal(default, request.Result);
        Assert.Equal((uint)Size, Assert.Single(script.Taken).len);
    }

    [Theory]
    [InlineData(0, IoFailureCause.Device)]
    [InlineData(2048, IoFailureCause.Zoned)]
    public void EioOfAWriteToSuchAZone_SaysThatItMayBeTheWritePointer(long sector, IoFailureCause cause)
    {
        using RingScript script = new();
        using EngineBench bench = new(script, geometry: Zoned);
        script.Answer = static _ => -Errno.EIO;
        Assert.Equal(new IoFailure(0, sector, Errno.EIO, cause), bench.Write(new IoRegion(bench.Devices[0], sector, 8)).First);
        Assert.Equal(IoFailureCause.Device, bench.Read(new IoRegion(bench.Devices[0], sector, 8)).First.Cause);
    }

    private static DeviceGeometry Atomic(DeviceGeometry geometry) => geometry with
    {
        LogicalBlockSize = 512,
        OffsetAlignment = 512,
        MemoryAlignment = 4,
        SegmentAlignment = 512,
        AtomicWriteLimits = (512, Size),
    };

    private static DeviceGeometry Zoned(DeviceGeometry geometry) =>
        geometry with { LogicalBlockSize = 4096, OffsetAlignment = 4096, MemoryAlignment = 4096, ZoneSectors = 1024, SequentialFrom = 2048 };

    /// <summary>Written again without the flag to another device, the buffer leaves the same.</summary>
    private static void AssertOnDisk(EngineBench bench, RingScript script, IoBuffer buffer, int bytes)
    {
        Request plain = bench.StartWith(IoOperation.Write, buffer, default, new IoRegion(bench.Devices[1], 0, bytes / 512));
        bench.RunToEnd(plain);
        Assert.Equal(default, plain.Result);
        Assert.True(script.Disk(bench.Devices[0]).AsSpan(0, bytes).SequenceEqual(script.Disk(bench.Devices[1]).AsSpan(0, bytes)));
    }
}
