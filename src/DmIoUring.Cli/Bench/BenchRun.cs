using System.Diagnostics;

namespace DmIoUring.Cli.Bench;

/// <summary>What all slots of a run look at: where to go, whether it counts, whether to go on.</summary>
internal sealed class BenchRun(BenchRequest request, IReadOnlyList<BenchTarget> targets)
{
    /// <summary>The thread pool adds some when its threads are busy with what is awaited.</summary>
    private const int PoolThreads = 16;

    /// <summary>Guards what follows; pulsed when the run stops. Waiting for a task would allocate, which would be counted as the run's own.</summary>
    private readonly object _lock = new();
    private volatile BenchPhase _phase;
    private long _measuringFrom;
    private long _measuredTo;

    public BenchRequest Request { get; } = request;

    /// <summary>One, or one for each device with <c>--per-device</c>.</summary>
    public IReadOnlyList<BenchTarget> Targets { get; } = targets;

    /// <summary>The first, which is the only one without <c>--per-device</c>.</summary>
    public BenchTarget Target => Targets[0];

    /// <summary>How many jobs there are on all targets.</summary>
    public int JobsInAll => Request.Jobs * Targets.Count;

    /// <summary>Of a hundred requests so many are reads.</summary>
    public int ReadPercent { get; } = request.ReadPercent ?? (request.Reads ? 100 : 0);

    /// <summary>Null when nothing is timed.</summary>
    public LatencyRecorder? Latency { get; } = request.Latency
        ? new LatencyRecorder(ThreadsOf(request, targets.Count), targets.Count)
        : null;

    public BenchPhase Phase => _phase;

    /// <summary>When a job's requests are to be submitted; null where the next follows when one has ended.</summary>
    public ArrivalSchedule? ArrivalsOf(int job) => Request.Rate is { } rate ? new ArrivalSchedule(rate, job, Request.Jobs) : null;

    /// <summary>The first request that failed.</summary>
    public BenchFailure? Failure { get; private set; }

    /// <summary>How long it measured, or has measured so far.</summary>
    public TimeSpan Measured
    {
        get
        {
            lock (_lock)
            {
                return _measuringFrom == 0 ? TimeSpan.Zero
                    : Stopwatch.GetElapsedTime(_measuringFrom, _measuredTo == 0 ? Stopwatch.GetTimestamp() : _measuredTo);
            }
        }
    }

    public void Measure()
    {
        lock (_lock)
        {
            if (_phase != BenchPhase.WarmUp)
                return;
            _measuringFrom = Stopwatch.GetTimestamp();
            _phase = BenchPhase.Measuring;
        }
    }

    public void Stop()
    {
        lock (_lock)
        {
            if (_phase == BenchPhase.Stopping)
                return;
            _phase = BenchPhase.Stopping;
            _measuredTo = Stopwatch.GetTimestamp();
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Lets time pass, and returns early when the run stops.</summary>
    public void Wait(TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            for (TimeSpan left = time; left > TimeSpan.Zero && _phase != BenchPhase.Stopping; left = time - Stopwatch.GetElapsedTime(start))
                Monitor.Wait(_lock, left);
        }
    }

    public void Fail(BenchFailure failure)
    {
        lock (_lock)
            Failure ??= failure;
        Stop();
    }

    public void Fail(IoResult result, BenchTarget target) => Fail(new BenchFailure(
        target.Devices[result.First.Region].Path, result.First.ErrnoName, result.First.Sector, result.ToString())
    {
        Failed = RegionBitsReport.Of(result.Failed, target.Devices.Count),
        Unsupported = RegionBitsReport.Of(result.Unsupported, target.Devices.Count),
    });

    public void Fail(Exception exception) => Fail(new BenchFailure(Targets.Count == 1 ? Target.Devices[0].Path : "", Errno: null, Sector: null, exception.Message));

    /// <summary>How many threads are likely to see requests end: a reactor's carries a job of each target.</summary>
    private static int ThreadsOf(BenchRequest request, int targets) =>
        request.Driver == BenchDriver.Reactor ? request.Jobs : (request.Jobs * targets) + request.Engine.Lanes + PoolThreads;
}
