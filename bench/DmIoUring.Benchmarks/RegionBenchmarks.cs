using BenchmarkDotNet.Attributes;

namespace DmIoUring.Benchmarks;

/// <summary>4 KiB written to 1 to 64 regions of three devices by one request, one request at a time.</summary>
public class RegionBenchmarks
{
    private const int Operations = 1024;
    private const int Devices = 3;
    private readonly Random _random = new(1);
    private BenchDevice[] _devices = null!;
    private DmIoClient _client = null!;
    private IoReactor _reactor = null!;
    private IoMemory _memory = null!;
    private IoRegion[] _regions = null!;
    private Task[] _writes = null!;
    private IoNotify _notify = null!;

    [Params(1, 2, 3, 8, 64)]
    public int Regions { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _devices = [.. Enumerable.Range(0, Devices).Select(static _ => BenchDevice.Create(BenchDeviceKind.LoopOnTmpfs))];
        _client = new DmIoClient();
        _reactor = new IoReactor();
        _memory = IoMemory.Allocate(BenchDevice.BlockBytes);
        _regions = new IoRegion[Regions];
        _writes = new Task[Regions];
        _notify = static (result, _) => Check(result);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _client.Dispose();
        _reactor.Dispose();
        foreach (BenchDevice device in _devices)
            device.Dispose();
        _memory.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Operations, Description = "Task.WhenAll of RandomAccess.WriteAsync")]
    public async Task RandomAccessWriteAsync()
    {
        for (int i = 0; i < Operations; i++)
        {
            for (int leg = 0; leg < Regions; leg++)
                _writes[leg] = RandomAccess.WriteAsync(_devices[leg % Devices].Handle, _memory.Memory, NextBlock() * BenchDevice.BlockBytes).AsTask();
            await Task.WhenAll(_writes);
        }
    }

    [Benchmark(OperationsPerInvoke = Operations, Description = "DmIoClient.Write")]
    public void Sync()
    {
        for (int i = 0; i < Operations; i++)
            Check(_client.Write(NextRegions(), _memory));
    }

    [Benchmark(OperationsPerInvoke = Operations, Description = "IoReactor.SubmitWrite, Poll(1)")]
    public void Reactor()
    {
        for (int i = 0; i < Operations; i++)
        {
            _reactor.SubmitWrite(NextRegions(), _memory, _notify);
            _reactor.Poll(1);
        }
    }

    private static void Check(IoResult result)
    {
        if (!result.IsSuccess)
            throw new IOException(result.ToString());
    }

    private long NextBlock() => _random.NextInt64(_devices[0].Blocks);

    private IoRegion[] NextRegions()
    {
        for (int leg = 0; leg < Regions; leg++)
            _regions[leg] = new IoRegion(_devices[leg % Devices].Device, NextBlock() * BenchDevice.BlockSectors, BenchDevice.BlockSectors);
        return _regions;
    }
}
