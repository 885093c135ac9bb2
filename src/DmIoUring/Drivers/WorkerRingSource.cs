using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>Makes rings whose entries worker threads execute.</summary>
/// <param name="threads">How many worker threads.</param>
/// <param name="refusal">Why io_uring is not used; null when worker threads were asked for.</param>
internal sealed class WorkerRingSource(int threads, IoUringUnavailableException? refusal) : TypedRingSource<WorkerRing>
{
    private readonly WorkerPool _workers = new(threads);
    private int _disposed;

    public override IoCapabilities Capabilities { get; } = RingProbe.DescribeWorkers(refusal);

    /// <summary>Worker rings refuse every registration.</summary>
    public override int? RegistrationAnswer => Errno.EOPNOTSUPP;

    public override bool NeedsNoThread => false;

    public override bool UsesWorkers => true;

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _workers.Release();
    }

    public override IoEngine MakeEngine(int capacity, EngineSettings settings) =>
        base.MakeEngine(capacity, settings with { FlushesSeparately = true, IsBySystemCalls = true });

    protected override WorkerRing Make(int capacity, in RingPlan plan) => new(new WorkerQueues(_workers, capacity));
}
