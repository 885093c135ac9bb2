using System.Diagnostics;

namespace DmIoUring.Cli.Bench;

/// <summary>
/// One place in a job's queue: a buffer, and one request after the other. One thread at a time has it, and everything that a
/// request needs is made with it, so that the measured part allocates nothing.
/// </summary>
internal sealed class BenchSlot
{
    private readonly BenchRun _run;
    private readonly BenchTarget _target;
    private readonly BlockSequence? _sequence;
    private readonly IoRegion[] _regions;
    private readonly IoBuffer _buffer;
    private SeededSequence _random;
    private long _started;
    private long _measured;

    /// <summary>Makes what every request of the slot needs.</summary>
    /// <param name="run">The run.</param>
    /// <param name="target">Where its requests go.</param>
    /// <param name="sequence">Where a sequential job is; null for a random one.</param>
    /// <param name="buffer">The slot's own.</param>
    /// <param name="seed">Of its own too.</param>
    public BenchSlot(BenchRun run, BenchTarget target, BlockSequence? sequence, in IoBuffer buffer, ulong seed)
    {
        _run = run;
        _target = target;
        _sequence = sequence;
        _buffer = buffer;
        _random = new SeededSequence(seed);
        WriteOptions = run.Request.WriteFlags;
        _regions = [.. target.Devices.Select(device => new IoRegion(device, 0, target.BlockSectors))];
    }

    public ref readonly IoBuffer Buffer => ref _buffer;

    public IoRegion Region => _regions[0];

    public ReadOnlySpan<IoRegion> Regions => _regions;

    public bool IsRead { get; private set; }

    /// <summary>What every write asks for.</summary>
    public IoRequestOptions WriteOptions { get; }

    /// <summary>Requests that ended in the measured part.</summary>
    public long Measured => Volatile.Read(ref _measured);

    /// <summary>The next free slot of the job, where slots are handed back in a list.</summary>
    public BenchSlot? NextFree { get; set; }

    /// <summary>Draws the next request.</summary>
    /// <param name="due">When its time starts, in ticks of <see cref="Stopwatch"/>; 0 for now.</param>
    public void Draw(long due = 0)
    {
        long block = _sequence is null ? _random.Below(_target.Blocks) : _sequence.Next();
        foreach (ref IoRegion region in _regions.AsSpan())
            region = region with { Sector = block * _target.BlockSectors };
        int percent = _run.ReadPercent;
        IsRead = percent == 100 || (percent > 0 && _random.Below(100) < percent);
        if (_run.Latency is not null)
            _started = due == 0 ? Stopwatch.GetTimestamp() : due;
    }

    /// <summary>The request that was drawn, to be handed over with others.</summary>
    public IoRequest ToRequest(IoNotify ended) => IsRead
        ? IoRequest.Read(Region, _buffer, ended, this)
        : IoRequest.Write(_regions, _buffer, ended, this, WriteOptions);

    /// <summary>Takes the request's result; whether to go on.</summary>
    public bool End(in IoResult result)
    {
        if (result.IsSuccess)
            return EndWell();
        _run.Fail(result, _target);
        return false;
    }

    /// <summary>Counts the request, which did what it was to do; whether to go on.</summary>
    public bool EndWell()
    {
        long now = _run.Latency is null ? 0 : Stopwatch.GetTimestamp();
        if (_run.Phase == BenchPhase.Measuring)
        {
            Volatile.Write(ref _measured, _measured + 1);
            _run.Latency?.Record(now - _started, _target.Number);
        }
        else if (_run.Phase == BenchPhase.WarmUp)
        {
            _run.Latency?.Prepare(_target.Number);
        }

        return _run.Phase != BenchPhase.Stopping;
    }
}
