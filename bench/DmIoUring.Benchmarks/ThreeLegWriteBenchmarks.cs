using BenchmarkDotNet.Attributes;

namespace DmIoUring.Benchmarks;

/// <summary>4 KiB to three devices at once, one request at a time.</summary>
public class ThreeLegWriteBenchmarks
{
    private const int Operations = 4096;
    private readonly Random _random = new(1);
    private readonly Task[] _writes = new Task[3];
    private readonly IoRegion[] _regions = new IoRegion[3];
    private BenchDevice[] _legs = null!;
    private DmIoClient _client = null!;
    private IoMemory _memory = null!;

    [Params(BenchDeviceKind.LoopOnTmpfs, BenchDeviceKind.LoopOnDisk)]
    public BenchDeviceKind On { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _legs = [BenchDevice.Create(On), BenchDevice.Create(On), BenchDevice.Create(On)];
        _client = new DmIoClient();
        _memory = IoMemory.Allocate(BenchDevice.BlockBytes);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _client.Dispose();
        foreach (BenchDevice leg in _legs)
            leg.Dispose();
        _memory.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Operations, Description = "Task.WhenAll of RandomAccess.WriteAsync")]
    public async Task RandomAccessWriteAsync()
    {
        for (int i = 0; i < Operations; i++)
        {
            long offset = NextBlock() * BenchDevice.BlockBytes;
            for (int leg = 0; leg < 3; leg++)
                _writes[leg] = RandomAccess.WriteAsync(_legs[leg].Handle, _memory.Memory, offset).AsTask();
            await Task.WhenAll(_writes);
        }
    }

    [Benchmark(OperationsPerInvoke = Operations, Description = "DmIoClient.Write, three legs")]
    public void ClientWrite()
    {
        for (int i = 0; i < Operations; i++)
            Check(_client.Write(NextRegions(), _memory));
    }

    [Benchmark(OperationsPerInvoke = Operations, Description = "DmIoClient.WriteAsync, three legs")]
    public async Task ClientWriteAsync()
    {
        for (int i = 0; i < Operations; i++)
            Check(await _client.WriteAsync(NextRegions(), _memory));
    }

    [Benchmark(OperationsPerInvoke = Operations, Description = "DmIoClient.Write, one leg")]
    public void ClientWriteOneLeg()
    {
        for (int i = 0; i < Operations; i++)
            Check(_client.Write(NextRegions()[0], _memory));
    }

    private static void Check(IoResult result)
    {
        if (!result.IsSuccess)
            throw new IOException(result.ToString());
    }

    private long NextBlock() => _random.NextInt64(_legs[0].Blocks);

    /// <summary>The same three each time: the client has copied them when its call returns.</summary>
    private IoRegion[] NextRegions()
    {
        long sector = NextBlock() * BenchDevice.BlockSectors;
        for (int leg = 0; leg < 3; leg++)
            _regions[leg] = new IoRegion(_legs[leg].Device, sector, BenchDevice.BlockSectors);
        return _regions;
    }
}
