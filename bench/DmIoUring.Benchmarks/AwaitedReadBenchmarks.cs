using BenchmarkDotNet.Attributes;

namespace DmIoUring.Benchmarks;

/// <summary>4 KiB random reads awaited one at a time: what the hand-overs between threads cost.</summary>
public class AwaitedReadBenchmarks
{
    private const int Operations = 4096;
    private readonly Random _random = new(1);
    private BenchDevice _bench = null!;
    private DmIoClient _onPool = null!;
    private DmIoClient _onLane = null!;
    private IoMemory _memory = null!;

    [Params(BenchDeviceKind.LoopOnTmpfs, BenchDeviceKind.LoopOnDisk)]
    public BenchDeviceKind On { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _bench = BenchDevice.Create(On);
        _onPool = new DmIoClient();
        _onLane = new DmIoClient(new DmIoOptions { InlineContinuations = true });
        _memory = IoMemory.Allocate(BenchDevice.BlockBytes);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _onPool.Dispose();
        _onLane.Dispose();
        _bench.Dispose();
        _memory.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Operations, Description = "RandomAccess.ReadAsync")]
    public async Task RandomAccessReadAsync()
    {
        for (int i = 0; i < Operations; i++)
            await RandomAccess.ReadAsync(_bench.Handle, _memory.Memory, _random.NextInt64(_bench.Blocks) * BenchDevice.BlockBytes);
    }

    [Benchmark(OperationsPerInvoke = Operations, Description = "DmIoClient.ReadAsync")]
    public Task OnPool() => ReadAsync(_onPool);

    [Benchmark(OperationsPerInvoke = Operations, Description = "DmIoClient.ReadAsync, InlineContinuations")]
    public Task OnLane() => ReadAsync(_onLane);

    private async Task ReadAsync(DmIoClient client)
    {
        for (int i = 0; i < Operations; i++)
        {
            long sector = _random.NextInt64(_bench.Blocks) * BenchDevice.BlockSectors;
            IoResult result = await client.ReadAsync(new IoRegion(_bench.Device, sector, BenchDevice.BlockSectors), _memory);
            if (!result.IsSuccess)
                throw new IOException(result.ToString());
        }
    }
}
