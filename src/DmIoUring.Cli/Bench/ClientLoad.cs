namespace DmIoUring.Cli.Bench;

/// <summary>A load whose jobs share one client.</summary>
internal abstract class ClientLoad : BenchLoad
{
    private readonly SlotMemory _memory;
    private readonly CountdownEvent _underWay;

    /// <summary>Starts the client.</summary>
    /// <param name="run">The run.</param>
    /// <param name="ends">How many times <see cref="SignalEnd"/> is called before all is over.</param>
    /// <exception cref="IoUringUnavailableException">The host refuses the ring that was asked for.</exception>
    /// <exception cref="OutOfMemoryException">There is not that much for the buffers.</exception>
    protected ClientLoad(BenchRun run, int ends)
        : base(run)
    {
        BenchRequest request = run.Request;
        int slots = run.JobsInAll * request.Depth;
        Client = new DmIoClient(request.Engine.ForClient(request));
        try
        {
            _memory = new SlotMemory(request.Memory, Client.Pages, slots, request.BlockBytes, request.Seed);
        }
        catch
        {
            Client.Dispose();
            throw;
        }

        _underWay = new CountdownEvent(ends);
        Jobs =
        [
            .. from target in run.Targets
               from job in Enumerable.Range(0, request.Jobs)
               select new BenchJob(run, target, job, _memory, firstBuffer: ((target.Number * request.Jobs) + job) * request.Depth),
        ];
    }

    public override IoCapabilities Capabilities => Client.Capabilities;

    public override RingCounts? Counts => RingCounts.Of(Client.Statistics);

    public override string? WhyNotFixed => Run.Request.Engine.WhyNotFixed(Run.Request.Memory, Client.PageRegistration, Client.DeviceRegistration);

    public override long Measured => Jobs.Sum(static job => job.Measured);

    public override long MeasuredOf(BenchTarget target) => Jobs.Where(job => job.Target == target).Sum(static job => job.Measured);

    protected DmIoClient Client { get; }

    protected IReadOnlyList<BenchJob> Jobs { get; }

    public override bool Join(TimeSpan limit) => _underWay.Wait(limit);

    public override void Dispose()
    {
        bool ended = _underWay.IsSet || Run.Phase != BenchPhase.Stopping;
        Client.Dispose();

        // Of requests that never ended the kernel still has the memory.
        if (ended)
            _memory.Dispose();
        _underWay.Dispose();
    }

    protected void SignalEnd() => _underWay.Signal();
}
