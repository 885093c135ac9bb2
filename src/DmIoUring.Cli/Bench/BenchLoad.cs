namespace DmIoUring.Cli.Bench;

/// <summary>Keeps the queues full, by one driver.</summary>
internal abstract class BenchLoad(BenchRun run) : IDisposable
{
    protected BenchRun Run { get; } = run;

    /// <summary>Null where what is measured is not this library.</summary>
    public abstract IoCapabilities? Capabilities { get; }

    /// <summary>Null where no ring carries the requests.</summary>
    public abstract RingCounts? Counts { get; }

    /// <summary>Why files or buffers are not registered though that was asked for; known once requests have ended.</summary>
    public abstract string? WhyNotFixed { get; }

    /// <summary>Requests that ended in the measured part.</summary>
    public abstract long Measured { get; }

    /// <summary>Those of one target; of all where there is one.</summary>
    public virtual long MeasuredOf(BenchTarget target) => Measured;

    /// <summary>Returns when every job's queue is full.</summary>
    public abstract void Start();

    /// <summary>After the run was stopped: waits until every request has ended, or tells that they did not.</summary>
    public abstract bool Join(TimeSpan limit);

    public abstract void Dispose();
}
