namespace DmIoUring.Benchmarks;

/// <summary>4 KiB random reads on a reactor: as many under way as its depth, submitted and waited for a batch at a time.</summary>
internal sealed class ReactorReads : IDisposable
{
    private readonly BenchDevice _bench;
    private readonly IoReactor _reactor;
    private readonly IoNotify _notify;
    private readonly Random _random = new(1);
    private readonly int _depth;
    private readonly int _batch;
    private readonly Func<int, IoBuffer> _bufferOf;
    private int _next;

    /// <summary>Makes the reactor.</summary>
    /// <param name="bench">Where it reads.</param>
    /// <param name="depth">Reads under way.</param>
    /// <param name="bufferOf">A slot's memory, from the reactor's pages or from anywhere.</param>
    /// <param name="pages">Pages to reserve, 0 for none.</param>
    public ReactorReads(BenchDevice bench, int depth, Func<ReactorReads, int, IoBuffer> bufferOf, int pages = 0)
    {
        _bench = bench;
        _depth = depth;
        _batch = Math.Clamp(depth / 4, 1, 32);
        _reactor = new IoReactor(new IoReactorOptions { QueueDepth = depth });
        if (pages > 0)
            _reactor.Reserve(pages);
        _bufferOf = slot => bufferOf(this, slot);
        _notify = Ended;
    }

    public PageMemoryPool Pages => _reactor.Pages;

    public void Run(int operations)
    {
        int submitted = 0;
        for (; submitted < _depth - _batch; submitted++)
            Submit();
        for (; submitted < operations; submitted += _batch)
        {
            for (int i = 0; i < _batch; i++)
                Submit();
            _reactor.Poll(_batch);
        }

        _reactor.Poll(_depth);
    }

    public void Dispose() => _reactor.Dispose();

    private static void Ended(IoResult result, object? context)
    {
        if (!result.IsSuccess)
            throw new IOException(result.ToString());
    }

    private void Submit()
    {
        long sector = _random.NextInt64(_bench.Blocks) * BenchDevice.BlockSectors;
        _reactor.SubmitRead(new IoRegion(_bench.Device, sector, BenchDevice.BlockSectors), _bufferOf(_next), _notify);
        _next = (_next + 1) % _depth;
    }
}
