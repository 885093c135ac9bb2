using BenchmarkDotNet.Attributes;
using DmIoUring.Benchmarks.EngineCost;
using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Benchmarks;

/// <summary>The steps of a request by themselves, without a kernel: nanoseconds each.</summary>
public class HotPathBenchmarks
{
    private const int Batch = 32;
    private const int Operations = 1024;
    private readonly CallbackReporter _reporter = new(handler: null);
    private readonly Inbox _inbox = new();
    private readonly IoRegion[] _legs = new IoRegion[IoRegion.MaxRegions];
    private readonly IoUringCqe[] _taken = new IoUringCqe[Batch];
    private readonly IoNotify _notify = static (_, _) => { };
    private BenchDevice _bench = null!;
    private IoMemory _memory = null!;
    private IoReactor _reactor = null!;
    private RequestPool _pool = null!;
    private Request[] _requests = null!;
    private NopRing _ring;

    [GlobalSetup]
    public void Setup()
    {
        _bench = BenchDevice.Create(BenchDeviceKind.LoopOnTmpfs);
        _memory = IoMemory.Allocate(BenchDevice.BlockBytes);
        _reactor = new IoReactor(new IoReactorOptions { QueueDepth = 64 }, new NopRingSource());
        _pool = new RequestPool(_reporter);
        _requests = [.. Enumerable.Range(0, Batch).Select(_ => new Request(_reporter))];
        _ring = new NopRing(Batch);
        Array.Fill(_legs, new IoRegion(_bench.Device, 8, BenchDevice.BlockSectors));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _reactor.Dispose();
        _ring.Dispose();
        _memory.Dispose();
        _bench.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Operations, Description = "fill and take an entry, no request")]
    public unsafe void BareEntries()
    {
        for (int done = 0; done < Operations; done += Batch)
        {
            for (int i = 0; i < Batch; i++)
            {
                IoUringSqe* entry = _ring.TryNext(EntryRoute.MayPoll);
                *entry = default;
                entry->opcode = IoUring.IORING_OP_READ;
                entry->len = BenchDevice.BlockBytes;
                entry->user_data = (ulong)i;
            }

            _ring.Enter(Batch, -1, 0);
            _ring.Take(_taken);
        }
    }

    [Benchmark(OperationsPerInvoke = Operations, Description = "a read: submit, poll, callback")]
    public unsafe void Reads()
    {
        for (int done = 0; done < Operations; done += Batch)
        {
            for (int i = 0; i < Batch; i++)
                _reactor.SubmitRead(_legs[0], IoBuffer.Contiguous(_memory.Pointer, BenchDevice.BlockBytes), _notify);
            _reactor.Poll(Batch);
        }
    }

    [Benchmark(OperationsPerInvoke = Operations, Description = "a read that keeps its memory (IoMemory)")]
    public void KeptReads()
    {
        for (int done = 0; done < Operations; done += Batch)
        {
            for (int i = 0; i < Batch; i++)
                _reactor.SubmitRead(_legs[0], _memory, _notify);
            _reactor.Poll(Batch);
        }
    }

    [Benchmark(OperationsPerInvoke = Operations, Description = "a region of a write to 64")]
    public unsafe void Regions()
    {
        for (int done = 0; done < Operations; done += IoRegion.MaxRegions)
        {
            _reactor.SubmitWrite(_legs, IoBuffer.Contiguous(_memory.Pointer, BenchDevice.BlockBytes), _notify);
            _reactor.Poll(1);
        }
    }

    [Benchmark(OperationsPerInvoke = Operations, Description = "hand a request to a lane that is awake")]
    public void HandOver()
    {
        for (int done = 0; done < Operations; done += Batch)
        {
            foreach (Request request in _requests)
                _inbox.Deliver(request);
            _inbox.TakeAll();
        }
    }

    [Benchmark(OperationsPerInvoke = Operations, Description = "take a request from the pool and return it")]
    public void Pool()
    {
        for (int i = 0; i < Operations; i++)
            _pool.Return(_pool.Take(mayWait: false));
    }
}
