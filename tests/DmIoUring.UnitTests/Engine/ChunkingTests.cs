using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

public sealed unsafe class ChunkingTests
{
    [Theory]
    [InlineData(8192, 0)]
    [InlineData(65536, 0)]
    [InlineData(1 << 20, 0)]
    [InlineData(8192, 512)]
    [InlineData(65536, 3584)]
    [InlineData(1 << 20, 512)]
    public void Pieces_CoverTheRegionInOrder_WithinTheKernelsPageLimit(int chunkBytes, int offPage)
    {
        using RingScript script = new(capacity: 1024, queueLength: 1024);
        using EngineBench bench = new(script, chunkBytes: chunkBytes);
        long count = 3000 / bench.Block * bench.Block;
        Request request = new(new CallbackReporter(null));
        byte* buffer = (byte*)bench.Memory.Pointer + offPage;
        IoBuffer whole = IoBuffer.Contiguous(buffer, count * IoRegion.SectorSize);
        IoRequestOptions options = default;
        request.Prepare(new RequestSpec(IoOperation.Write, [new IoRegion(bench.Devices[0], bench.Block, count)], whole, options));
        request.EndSync(sleeps: false);
        bench.Accept(request);

        bench.RunToEnd(request);

        ulong offset = (ulong)(bench.Block * IoRegion.SectorSize);
        byte* memory = buffer;
        foreach (IoUringSqe entry in script.Taken)
        {
            Assert.Equal(offset, entry.off);
            Assert.Equal((ulong)memory, entry.addr);
            Assert.Equal(0u, entry.len % (uint)bench.Devices[0].LogicalBlockSize);
            long pages = (((long)memory & 4095) + entry.len + 4095) / 4096;
            Assert.InRange(pages, 1, Math.Max(chunkBytes / 4096, 2));
            offset += entry.len;
            memory += entry.len;
        }

        Assert.Equal((ulong)((bench.Block + count) * IoRegion.SectorSize), offset);
    }
}
