using BenchmarkDotNet.Attributes;

namespace DmIoUring.Benchmarks;

/// <summary>The same 4 KiB random reads, 128 under way on a reactor, into every kind of memory.</summary>
public class BufferKindBenchmarks
{
    private const int Depth = 128;
    private const int Operations = 65_536;
    private const int Pieces = 4;
    private BenchDevice _bench = null!;
    private IoMemory _memory = null!;
    private ReactorReads _reads = null!;
    private IoBuffer[] _buffers = null!;

    [Params(BenchDeviceKind.LoopOnTmpfs, BenchDeviceKind.Zram)]
    public BenchDeviceKind On { get; set; }

    [ParamsAllValues]
    public BufferKind Into { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _bench = BenchDevice.Create(On);
        _memory = IoMemory.Allocate((Depth + 1) * BenchDevice.BlockBytes);
        _reads = new ReactorReads(_bench, Depth, (_, slot) => _buffers[slot], pages: Into == BufferKind.PoolPages ? Depth : 0);
        _buffers = [.. Enumerable.Range(0, Depth).Select(Make)];
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _reads.Dispose();
        _bench.Dispose();
        _memory.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Operations, Description = "IoReactor, 128 reads under way")]
    public void Read() => _reads.Run(Operations);

    private unsafe IoBuffer Make(int slot)
    {
        byte* start = (byte*)_memory.Pointer + ((long)slot * BenchDevice.BlockBytes);
        return Into switch
        {
            BufferKind.Pointer => IoBuffer.Contiguous(start, BenchDevice.BlockBytes),
            BufferKind.IoMemorySlice => _memory.Slice((long)slot * BenchDevice.BlockBytes, BenchDevice.BlockBytes),
            BufferKind.ManagedMemory => _memory.Memory.Slice(slot * BenchDevice.BlockBytes, BenchDevice.BlockBytes),
            BufferKind.MisalignedPointer => IoBuffer.Contiguous(start + 1, BenchDevice.BlockBytes),
            BufferKind.FourVectors => IoBuffer.Vectors(Vectors(start)),
            _ => IoBuffer.Pages(_reads.Pages.TryRentPages(1, out PageList page) ? page : throw new InvalidOperationException("The reserve is out.")),
        };
    }

    private static unsafe IoVector[] Vectors(byte* start)
    {
        const int piece = BenchDevice.BlockBytes / Pieces;
        return [.. Enumerable.Range(0, Pieces).Select(i => new IoVector(start + (i * piece), piece))];
    }
}
