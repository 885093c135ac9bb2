using BenchmarkDotNet.Attributes;

namespace DmIoUring.Benchmarks;

/// <summary>4 KiB random reads, 128 under way all the time: the time per read is the throughput's inverse.</summary>
public class DeepReadBenchmarks
{
    private const int Depth = 128;
    private const int Operations = 131_072;
    private readonly Random[] _random = [.. Enumerable.Range(0, Depth).Select(static seed => new Random(seed))];
    private readonly object[] _slots = [.. Enumerable.Range(0, Depth).Select(static slot => (object)slot)];
    private readonly ManualResetEventSlim _done = new();
    private BenchDevice _bench = null!;
    private DmIoClient _client = null!;
    private DmIoClient _workers = null!;
    private DmIoClient _current = null!;
    private IoMemory _memory = null!;
    private Memory<byte>[] _blocks = null!;
    private IoNotify _resubmit = null!;
    private int _toSubmit;
    private int _underWay;

    [Params(BenchDeviceKind.LoopOnTmpfs, BenchDeviceKind.LoopOnDisk, BenchDeviceKind.Zram)]
    public BenchDeviceKind On { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _bench = BenchDevice.Create(On);
        _client = new DmIoClient(new DmIoOptions { QueueDepth = Depth });
        _workers = new DmIoClient(new DmIoOptions { QueueDepth = Depth, Ring = IoRingKind.Workers });
        _memory = IoMemory.Allocate(Depth * BenchDevice.BlockBytes);
        _blocks = [.. Enumerable.Range(0, Depth).Select(slot => _memory.Memory.Slice(slot * BenchDevice.BlockBytes, BenchDevice.BlockBytes))];
        _resubmit = Resubmit;
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _client.Dispose();
        _workers.Dispose();
        _bench.Dispose();
        _memory.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Operations, Description = "RandomAccess.ReadAsync")]
    public Task RandomAccessReadAsync() => Task.WhenAll(Enumerable.Range(0, Depth).Select(ReadWithRandomAccess));

    [Benchmark(OperationsPerInvoke = Operations, Description = "DmIoClient.ReadAsync")]
    public Task ClientReadAsync() => Task.WhenAll(Enumerable.Range(0, Depth).Select(ReadWithClient));

    [Benchmark(OperationsPerInvoke = Operations, Description = "DmIoClient.SubmitRead, callbacks that resubmit")]
    public void ClientSubmitRead() => SubmitReads(_client);

    [Benchmark(OperationsPerInvoke = Operations, Description = "the same, by worker threads")]
    public void WorkersSubmitRead() => SubmitReads(_workers);

    private void SubmitReads(DmIoClient client)
    {
        _current = client;
        _toSubmit = Operations - Depth;
        _underWay = Depth;
        _done.Reset();
        for (int slot = 0; slot < Depth; slot++)
            client.SubmitRead(NextRegion(slot), _blocks[slot], _resubmit, _slots[slot]);
        _done.Wait();
    }

    private async Task ReadWithRandomAccess(int slot)
    {
        for (int i = 0; i < Operations / Depth; i++)
            await RandomAccess.ReadAsync(_bench.Handle, _blocks[slot], _random[slot].NextInt64(_bench.Blocks) * BenchDevice.BlockBytes);
    }

    private async Task ReadWithClient(int slot)
    {
        for (int i = 0; i < Operations / Depth; i++)
            Check(await _client.ReadAsync(NextRegion(slot), _blocks[slot]));
    }

    private void Resubmit(IoResult result, object? context)
    {
        Check(result);
        int slot = (int)context!;
        if (Interlocked.Decrement(ref _toSubmit) >= 0)
            _current.SubmitRead(NextRegion(slot), _blocks[slot], _resubmit, context);
        else if (Interlocked.Decrement(ref _underWay) == 0)
            _done.Set();
    }

    private IoRegion NextRegion(int slot) =>
        new(_bench.Device, _random[slot].NextInt64(_bench.Blocks) * BenchDevice.BlockSectors, BenchDevice.BlockSectors);

    private static void Check(IoResult result)
    {
        if (!result.IsSuccess)
            throw new IOException(result.ToString());
    }
}
