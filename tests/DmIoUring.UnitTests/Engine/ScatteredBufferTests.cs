using System.Buffers;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

public sealed unsafe class ScatteredBufferTests
{
    [Fact]
    public void Vectors_PastTheKernelsLimit_AreSplitAtBlocks_AndWritten()
    {
        using RingScript script = new(capacity: 64, queueLength: 64);
        using EngineBench bench = new(script);
        int block = bench.Devices[0].LogicalBlockSize;
        IoVector[] vectors = Vectors(bench, 3000, i => 512, block);
        IoBuffer buffer = IoBuffer.Vectors(vectors);
        long count = buffer.Length / block * bench.Block;

        Request request = bench.StartWith(IoOperation.Write, buffer, default, new IoRegion(bench.Devices[0], 0, count));
        bench.RunToEnd(request);

        Assert.True(request.Result.IsSuccess);
        Assert.All(script.Taken, entry => Assert.InRange(entry.len, 1u, 256u));
        Assert.All(script.Taken, entry => Assert.Equal(0u, (uint)entry.off % (uint)block));
        AssertGathered(bench, vectors, count * IoRegion.SectorSize);
    }

    [Fact]
    public void Vectors_CutShortAtAndInsideEverySegment_AreContinuedFromThere()
    {
        using RingScript first = new();
        using EngineBench probe = new(first);
        int block = probe.Devices[0].LogicalBlockSize;
        for (int cut = block; cut < 8 * block; cut += block)
        {
            using RingScript script = new();
            using EngineBench bench = new(script);
            IoVector[] vectors = Vectors(bench, 6, i => i % 2 == 0 ? block / 2 : 2 * block, block);
            IoBuffer buffer = IoBuffer.Vectors(vectors);
            long count = buffer.Length / block * bench.Block;
            int shortBy = cut;
            script.Answer = entry => script.Taken.Count == 1 ? Math.Min(shortBy, script.Whole(entry)) : script.Whole(entry);

            Request request = bench.StartWith(IoOperation.Write, buffer, default, new IoRegion(bench.Devices[0], 0, count));
            bench.RunToEnd(request);

            Assert.True(request.Result.IsSuccess);
            AssertGathered(bench, vectors, count * IoRegion.SectorSize);
        }
    }

    [Fact]
    public void Vectors_OfAFailedRead_AreZeroedPieceByPiece()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int block = bench.Devices[0].LogicalBlockSize;
        bench.Script.Disk(bench.Devices[0]).AsSpan().Fill(0xAB);
        IoVector[] vectors = Vectors(bench, 4, _ => block, 2 * block);
        script.Answer = entry => script.Taken.Count == 1 ? block : -Errno.EIO;

        Request request = bench.StartWith(IoOperation.Read, IoBuffer.Vectors(vectors), default, new IoRegion(bench.Devices[0], 0, 4 * bench.Block));
        bench.RunToEnd(request);

        Assert.Equal(bench.Block, request.Result.First.Sector);
        Assert.Equal(-1, Span(vectors[0]).IndexOfAnyExcept((byte)0xAB));
        foreach (IoVector vector in vectors[1..])
            Assert.Equal(-1, Span(vector).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Vectors_OfManyRequests_KeepTheirListsUntilTheKernelHasThem()
    {
        using RingScript script = new(capacity: 64, queueLength: 64);
        using EngineBench bench = new(script);
        int block = bench.Devices[0].LogicalBlockSize;
        script.TakePerEnter = static count => Math.Min(count, 3);
        IoVector[] vectors = Vectors(bench, 256 * 8, _ => block / 8, block / 8);
        List<Request> requests = [];
        for (int i = 0; i < 20; i++)
        {
            long count = 256 / 8 * bench.Block;
            requests.Add(bench.StartWith(IoOperation.Write, IoBuffer.Vectors(vectors), default, new IoRegion(bench.Devices[i % 3], i * 8 * bench.Block, count)));
        }

        requests.ForEach(bench.RunToEnd);

        Assert.All(requests, static request => Assert.True(request.Result.IsSuccess));
        ReadOnlySpan<byte> disk = script.Disk(bench.Devices[1]).AsSpan(19 * 8 * block, 32 * block);
        Assert.True(disk.SequenceEqual(bench.Memory.Memory.Span[..disk.Length]));
    }

    [Fact]
    public void Regions_WithTheirOwnOffsets_StripeOneBuffer()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int block = bench.Devices[0].LogicalBlockSize;

        Request request = bench.StartWith(
            IoOperation.Write,
            bench.Memory,
            default,
            new IoRegion(bench.Devices[0], 0, 2 * bench.Block),
            new IoRegion(bench.Devices[1], 0, 2 * bench.Block, BufferOffset: 2 * block),
            new IoRegion(bench.Devices[2], 0, bench.Block, BufferOffset: block));
        bench.RunToEnd(request);

        Assert.True(request.Result.IsSuccess);
        ReadOnlySpan<byte> memory = bench.Memory.Memory.Span;
        Assert.True(script.Disk(bench.Devices[0]).AsSpan(0, 2 * block).SequenceEqual(memory[..(2 * block)]));
        Assert.True(script.Disk(bench.Devices[1]).AsSpan(0, 2 * block).SequenceEqual(memory.Slice(2 * block, 2 * block)));
        Assert.True(script.Disk(bench.Devices[2]).AsSpan(0, block).SequenceEqual(memory.Slice(block, block)));
    }

    [Fact]
    public void SecondLeg_OfAScatteredWrite_StartsAtTheFirstVectorAgain()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int block = bench.Devices[0].LogicalBlockSize;
        IoVector[] vectors = Vectors(bench, 5, _ => block, 3 * block);

        Request request = bench.StartWith(
            IoOperation.Write,
            IoBuffer.Vectors(vectors),
            default,
            new IoRegion(bench.Devices[0], 0, 5 * bench.Block),
            new IoRegion(bench.Devices[1], 0, 3 * bench.Block));
        bench.RunToEnd(request);

        AssertGathered(bench, vectors, 5 * block);
        Assert.True(script.Disk(bench.Devices[1]).AsSpan(0, 3 * block).SequenceEqual(script.Disk(bench.Devices[0]).AsSpan(0, 3 * block)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(511)]
    public void MisalignedMemory_TravelsThroughAlignedPages_BothWays(int off)
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using EngineBench bench = new(script);
        long bytes = (1 << 20) / 2;
        byte* start = (byte*)bench.Memory.Pointer + off;
        IoRegion region = new(bench.Devices[0], 0, bytes / IoRegion.SectorSize);

        Request write = bench.StartWith(IoOperation.Write, IoBuffer.Contiguous(start, bytes), default, region);
        bench.RunToEnd(write);
        byte[] written = new ReadOnlySpan<byte>(start, (int)bytes).ToArray();
        new Span<byte>(start, (int)bytes).Clear();
        Request read = bench.StartWith(IoOperation.Read, IoBuffer.Contiguous(start, bytes), default, region);
        bench.RunToEnd(read);

        Assert.True(write.Result.IsSuccess && read.Result.IsSuccess);
        Assert.All(script.Taken, static entry => Assert.Equal(0ul, entry.addr % 4096));
        Assert.True(new ReadOnlySpan<byte>(start, (int)bytes).SequenceEqual(written));
        Assert.True(script.Disk(bench.Devices[0]).AsSpan(0, (int)bytes).SequenceEqual(written));
    }

    [Fact]
    public void MisalignedRead_ThatFailsHalfWay_LeavesWhatWasReadAndZeroes()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int block = bench.Devices[0].LogicalBlockSize;
        script.Disk(bench.Devices[0]).AsSpan().Fill(0xAB);
        byte* start = (byte*)bench.Memory.Pointer + 3;
        script.Answer = _ => script.Taken.Count == 1 ? block : -Errno.EIO;

        Request read = bench.StartWith(IoOperation.Read, IoBuffer.Contiguous(start, 4 * block), default, new IoRegion(bench.Devices[0], 0, 4 * bench.Block));
        bench.RunToEnd(read);

        Assert.Equal(bench.Block, read.Result.First.Sector);
        Assert.Equal(-1, new ReadOnlySpan<byte>(start, block).IndexOfAnyExcept((byte)0xAB));
        Assert.Equal(-1, new ReadOnlySpan<byte>(start + block, 3 * block).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void MisalignedVectors_AreGatheredThroughAlignedPages()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int block = bench.Devices[0].LogicalBlockSize;
        IoVector[] vectors = Vectors(bench, 7, i => 10 + i, 777);
        IoBuffer buffer = IoBuffer.Vectors((IoVector[])[.. vectors, new IoVector((byte*)bench.Memory.Pointer + 100_001, (nuint)block)]);

        Request request = bench.StartWith(IoOperation.Write, buffer, default, new IoRegion(bench.Devices[0], 0, bench.Block));
        bench.RunToEnd(request);

        byte[] expected = new byte[block];
        int at = 0;
        foreach (IoVector vector in vectors)
        {
            Span(vector).CopyTo(expected.AsSpan(at));
            at += (int)vector.Length;
        }

        new ReadOnlySpan<byte>((byte*)bench.Memory.Pointer + 100_001, block - at).CopyTo(expected.AsSpan(at));
        Assert.True(script.Disk(bench.Devices[0]).AsSpan(0, block).SequenceEqual(expected));
    }

    [Fact]
    public void Vectors_TooSmallForABlockToFitIntoOneEntry_AreGathered()
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using ScratchFile file = ScratchFile.Create(1 << 20);
        using BlockDevice buffered = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false });
        using EngineBench bench = new(script);
        script.Disk(buffered);
        IoVector[] vectors = Vectors(bench, 1024, _ => 1, 3);

        Request request = bench.StartWith(IoOperation.Write, IoBuffer.Vectors(vectors), default, new IoRegion(buffered, 0, 2));
        bench.RunToEnd(request);

        Assert.True(request.Result.IsSuccess);
        byte[] expected = [.. vectors.Select(static vector => *(byte*)vector.Pointer)];
        Assert.True(script.Disk(buffered).AsSpan(0, 1024).SequenceEqual(expected));
    }

    [Fact]
    public void Sequence_AndListOfMemory_AreWrittenWithoutBeingJoined()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int block = bench.Devices[0].LogicalBlockSize;
        Memory<byte> memory = bench.Memory.Memory;
        Memory<byte>[] pieces = [memory.Slice(4 * block, block), memory.Slice(0, block)];
        Piece last = new(pieces[1], null, block);
        Piece head = new(pieces[0], last, 0);

        foreach (IoBuffer buffer in new[] { IoBuffer.From(pieces), IoBuffer.From(new ReadOnlySequence<byte>(head, 0, last, block)) })
        {
            script.Disk(bench.Devices[0]).AsSpan().Clear();
            Request request = bench.StartWith(IoOperation.Write, buffer, default, new IoRegion(bench.Devices[0], 0, 2 * bench.Block));
            bench.RunToEnd(request);

            Assert.Equal(IoUring.IORING_OP_WRITEV, script.Taken[^1].opcode);
            Assert.True(script.Disk(bench.Devices[0]).AsSpan(0, block).SequenceEqual(pieces[0].Span));
            Assert.True(script.Disk(bench.Devices[0]).AsSpan(block, block).SequenceEqual(pieces[1].Span));
        }
    }

    private static IoVector[] Vectors(EngineBench bench, int count, Func<int, int> length, int stride)
    {
        IoVector[] vectors = new IoVector[count];
        long at = 0;
        for (int i = 0; i < count; i++)
        {
            int bytes = length(i);
            if (at + bytes > bench.Memory.Length)
                at = 0;
            vectors[i] = new IoVector((byte*)bench.Memory.Pointer + at, (nuint)bytes);
            at += Math.Max(stride, bytes);
        }

        return vectors;
    }

    private static ReadOnlySpan<byte> Span(IoVector vector) => new(vector.Pointer, (int)vector.Length);

    private static void AssertGathered(EngineBench bench, IoVector[] vectors, long bytes)
    {
        ReadOnlySpan<byte> disk = bench.Script.Disk(bench.Devices[0]).AsSpan(0, (int)bytes);
        foreach (IoVector vector in vectors)
        {
            ReadOnlySpan<byte> piece = Span(vector);
            piece = piece[..Math.Min(piece.Length, disk.Length)];
            Assert.True(disk[..piece.Length].SequenceEqual(piece));
            disk = disk[piece.Length..];
        }
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? next, long index)
        {
            Memory = memory;
            Next = next;
            RunningIndex = index;
        }
    }
}
