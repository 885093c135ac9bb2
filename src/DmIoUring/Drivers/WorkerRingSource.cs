using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>Rings whose entries a crew of threads carries out.</summary>
/// <param name="threads">Threads in the crew.</param>
/// <param name="refusal">Why it is not io_uring; null when the embedder wants it so.</param>
internal sealed class WorkerRingSource(int threads, IoUringUnavailableException? refusal) : TypedRingSource<WorkerRing>
{
    private readonly WorkerPool _workers = new(threads);
    private int _disposed;

    public override IoCapabilities Capabilities { get; } = RingProbe.DescribeWorkers(refusal);

    /// <summary>There is nobody to register anything with.</summary>
    public override int? RegistrationAnswer => Errno.EOPNOTSUPP;

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _workers.Release();
    }

    protected override WorkerRing Make(int capacity, in RingPlan plan) => new(new WorkerQueues(_workers, capacity));
}
