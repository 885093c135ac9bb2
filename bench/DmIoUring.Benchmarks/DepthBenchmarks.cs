using BenchmarkDotNet.Attributes;

namespace DmIoUring.Benchmarks;

/// <summary>4 KiB random reads from one under way to 4,096: the time per read is the throughput's inverse.</summary>
public class DepthBenchmarks
{
    private const int Operations = 65_536;
    private readonly ManualResetEventSlim _done = new();
    private Random[] _random = null!;
    private BenchDevice _bench = null!;
    private DmIoClient _client = null!;
    private ReactorReads _reactor = null!;
    private IoMemory _memory = null!;
    private object[] _slots = null!;
    private IoNotify _resubmit = null!;
    private int _toSubmit;
    private int _underWay;

    [Params(BenchDeviceKind.LoopOnTmpfs, BenchDeviceKind.Zram)]
    public BenchDeviceKind On { get; set; }

    [Params(1, 8, 32, 128, 512, 4096)]
    public int Depth { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _bench = BenchDevice.Create(On);
        _client = new DmIoClient(new DmIoOptions { QueueDepth = Depth });
        _memory = IoMemory.Allocate((long)Depth * BenchDevice.BlockBytes);
        _random = [.. Enumerable.Range(0, Depth).Select(static seed => new Random(seed))];
        _slots = [.. Enumerable.Range(0, Depth).Select(static slot => (object)slot)];
        _reactor = new ReactorReads(_bench, Depth, (_, slot) => BufferOf(slot));
        _resubmit = Resubmit;
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _client.Dispose();
        _reactor.Dispose();
        _bench.Dispose();
        _memory.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Operations, Description = "RandomAccess.ReadAsync")]
    public Task RandomAccessReadAsync() => Task.WhenAll(Enumerable.Range(0, Depth).Select(ReadWithRandomAccess));

    [Benchmark(OperationsPerInvoke = Operations, Description = "IoReactor")]
    public void Reactor() => _reactor.Run(Operations);

    [Benchmark(OperationsPerInvoke = Operations, Description = "DmIoClient, callbacks that resubmit")]
    public void Lane()
    {
        _toSubmit = Operations - Depth;
        _underWay = Depth;
        _done.Reset();
        for (int slot = 0; slot < Depth; slot++)
            _client.SubmitRead(NextRegion(slot), BufferOf(slot), _resubmit, _slots[slot]);
        _done.Wait();
    }

    private IoBuffer BufferOf(int slot) => _memory.Slice((long)slot * BenchDevice.BlockBytes, BenchDevice.BlockBytes);

    private IoRegion NextRegion(int slot) =>
        new(_bench.Device, _random[slot].NextInt64(_bench.Blocks) * BenchDevice.BlockSectors, BenchDevice.BlockSectors);

    private async Task ReadWithRandomAccess(int slot)
    {
        Memory<byte> memory = _memory.Memory.Slice(slot * BenchDevice.BlockBytes, BenchDevice.BlockBytes);
        for (int i = 0; i < Operations / Depth; i++)
            await RandomAccess.ReadAsync(_bench.Handle, memory, _random[slot].NextInt64(_bench.Blocks) * BenchDevice.BlockBytes);
    }

    private void Resubmit(IoResult result, object? context)
    {
        if (!result.IsSuccess)
            throw new IOException(result.ToString());
        int slot = (int)context!;
        if (Interlocked.Decrement(ref _toSubmit) >= 0)
            _client.SubmitRead(NextRegion(slot), BufferOf(slot), _resubmit, context);
        else if (Interlocked.Decrement(ref _underWay) == 0)
            _done.Set();
    }
}
