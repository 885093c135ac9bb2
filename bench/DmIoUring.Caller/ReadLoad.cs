using System.Diagnostics;

namespace DmIoUring.Caller;

/// <summary>4 KiB random reads on a reactor into registered memory: each callback submits the next. caller.c is the same in C.</summary>
internal sealed unsafe class ReadLoad : IDisposable
{
    private const int BlockBytes = 4096;
    private const int Batch = 32;
    private static readonly IoCompleted Completed = static (result, bytes, context, tag) => ((ReadLoad)context!).OnEnded(result, bytes, tag);

    private readonly int _depth;
    private readonly long _blocks;
    private readonly BlockDevice _device;
    private readonly IoReactor _reactor;
    private readonly IoMemory _memory;
    private ulong _random = 88172645463325252;
    private bool _goesOn;

    public ReadLoad(string path, int depth, bool canBeWoken)
    {
        _reactor = new IoReactor(new IoReactorOptions { CanBeWoken = canBeWoken });
        _depth = depth;
        _device = BlockDevice.Open(path, new BlockDeviceOptions { Access = DeviceAccess.Read });
        _blocks = _device.SectorCount * IoRegion.SectorSize / BlockBytes;
        _memory = IoMemory.Allocate((long)depth * BlockBytes);
        _ = _reactor.Register(_memory);
    }

    public long Ended { get; private set; }

    /// <summary>Calls of io_uring_enter.</summary>
    public long Enters => _reactor.Statistics.Enters;

    /// <summary>Keeps the depth under way for a time, and then lets it end.</summary>
    /// <returns>How long it took.</returns>
    public TimeSpan RunFor(TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        long end = start + (long)(time.TotalSeconds * Stopwatch.Frequency);
        _goesOn = true;
        for (int slot = 0; slot < _depth; slot++)
            Submit(slot);
        while (Stopwatch.GetTimestamp() < end)
            _reactor.Poll(Math.Min(Batch, _depth));
        _goesOn = false;
        while (_reactor.UnderWay > 0)
            _reactor.Poll(1);
        return Stopwatch.GetElapsedTime(start);
    }

    public void Dispose()
    {
        _reactor.Dispose();
        _device.Dispose();
        _memory.Dispose();
    }

    private void Submit(long slot)
    {
        // Xorshift, and the high half of a product: no division.
        _random ^= _random << 13;
        _random ^= _random >> 7;
        _random ^= _random << 17;
        long block = (long)Math.BigMul(_random, (ulong)_blocks, out _);
        IoRegion region = new(_device, block * (BlockBytes / IoRegion.SectorSize), BlockBytes / IoRegion.SectorSize);
        _reactor.SubmitRead(region, IoBuffer.Contiguous((byte*)_memory.Pointer + (slot * BlockBytes), BlockBytes), Completed, this, slot);
    }

    private void OnEnded(in IoResult result, long bytes, long slot)
    {
        if (!result.IsSuccess || bytes != BlockBytes)
            throw new InvalidOperationException(result.ToString());
        Ended++;
        if (_goesOn)
            Submit(slot);
    }
}
