using BenchmarkDotNet.Attributes;
using DmIoUring.Interop;

namespace DmIoUring.Benchmarks;

/// <summary>One thread, one 4 KiB random read at a time.</summary>
public class SyncReadBenchmarks
{
    private readonly Random _random = new(1);
    private BenchDevice _bench = null!;
    private DmIoClient _client = null!;
    private IoMemory _memory = null!;

    [Params(BenchDeviceKind.LoopOnTmpfs, BenchDeviceKind.LoopOnDisk, BenchDeviceKind.Zram)]
    public BenchDeviceKind On { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _bench = BenchDevice.Create(On);
        _client = new DmIoClient();
        _memory = IoMemory.Allocate(BenchDevice.BlockBytes);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _client.Dispose();
        _bench.Dispose();
        _memory.Dispose();
    }

    [Benchmark(Baseline = true, Description = "RandomAccess.Read")]
    public int RandomAccessRead() =>
        RandomAccess.Read(_bench.Handle, _memory.GetSpan(), _random.NextInt64(_bench.Blocks) * BenchDevice.BlockBytes);

    [Benchmark(Description = "preadv2")]
    public unsafe nint Preadv2()
    {
        Iovec vector = new() { iov_base = _memory.Pointer, iov_len = BenchDevice.BlockBytes };
        return Libc.Preadv2((int)_bench.Handle.DangerousGetHandle(), &vector, 1, _random.NextInt64(_bench.Blocks) * BenchDevice.BlockBytes, 0);
    }

    [Benchmark(Description = "DmIoClient.Read")]
    public IoResult ClientRead() =>
        _client.Read(new IoRegion(_bench.Device, _random.NextInt64(_bench.Blocks) * BenchDevice.BlockSectors, BenchDevice.BlockSectors), _memory);
}
