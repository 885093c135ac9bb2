namespace DmIoUring.Cli.Bench;

/// <summary>A reactor for each job, on the job's own thread.</summary>
internal sealed class ReactorLoad : BenchLoad
{
    private readonly List<ReactorJob> _jobs = [];
    private readonly CountdownEvent _full;
    private readonly CountdownEvent _underWay;
    private bool _hasStarted;

    /// <summary>Makes the reactors.</summary>
    /// <param name="run">The run.</param>
    /// <inheritdoc cref="ClientLoad(BenchRun, int)" path="/exception"/>
    public ReactorLoad(BenchRun run)
        : base(run)
    {
        try
        {
            for (int job = 0; job < run.Request.Jobs; job++)
                _jobs.Add(new ReactorJob(run, job));
        }
        catch
        {
            foreach (ReactorJob job in _jobs)
                job.Dispose();
            throw;
        }

        _full = new CountdownEvent(run.Request.Jobs);
        _underWay = new CountdownEvent(run.Request.Jobs);
    }

    public override IoCapabilities Capabilities => _jobs[0].Reactor.Capabilities;

    public override RingCounts? Counts =>
        _jobs.Aggregate(default(RingCounts), static (sum, job) => sum + RingCounts.Of(job.Reactor.Statistics));

    public override string? WhyNotFixed =>
        Run.Request.Engine.WhyNotFixed(Run.Request.Memory, _jobs[0].Reactor.PageRegistration, _jobs[0].Reactor.DeviceRegistration);

    public override long Measured => _jobs.Sum(static job => job.Measured);

    public override long MeasuredOf(BenchTarget target) => _jobs.Sum(job => job.MeasuredOf(target));

    public override void Start()
    {
        _hasStarted = true;
        for (int number = 0; number < _jobs.Count; number++)
        {
            ReactorJob job = _jobs[number];
            Thread thread = new(() => Work(job)) { Name = FormattableString.Invariant($"dmio job {number}"), IsBackground = true };
            thread.Start();
        }

        _full.Wait();
    }

    public override bool Join(TimeSpan limit) => _underWay.Wait(limit);

    public override void Dispose()
    {
        // A job that has begun ends on its own thread, which may still be at it when the run gave up.
        if (_hasStarted)
            return;
        _jobs.ForEach(static job => job.Dispose());
        _full.Dispose();
        _underWay.Dispose();
    }

    private void Work(ReactorJob job)
    {
        job.Work(_full);
        _underWay.Signal();
    }
}
