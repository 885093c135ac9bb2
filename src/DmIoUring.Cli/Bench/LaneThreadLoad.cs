namespace DmIoUring.Cli.Bench;

/// <summary>Each job's thread hands over batches; the callbacks on the lanes' threads only give slots back to it.</summary>
internal sealed class LaneThreadLoad : ClientLoad
{
    private readonly CountdownEvent _full;
    private readonly List<BatchSubmitter> _submitters;

    /// <inheritdoc cref="ClientLoad(BenchRun, int)"/>
    public LaneThreadLoad(BenchRun run)
        : base(run, ends: run.JobsInAll)
    {
        _full = new CountdownEvent(run.JobsInAll);
        _submitters = [.. Jobs.Select((job, number) => new BatchSubmitter(run, Client, job.Slots, run.ArrivalsOf(number)))];
    }

    public override void Start()
    {
        for (int job = 0; job < _submitters.Count; job++)
        {
            BatchSubmitter submitter = _submitters[job];
            Thread thread = new(() => Work(submitter)) { Name = FormattableString.Invariant($"dmio job {job}"), IsBackground = true };
            thread.Start();
        }

        _full.Wait();
    }

    public override void Dispose()
    {
        base.Dispose();
        _submitters.ForEach(static submitter => submitter.Dispose());
        _full.Dispose();
    }

    private void Work(BatchSubmitter submitter)
    {
        submitter.Fill();
        _full.Signal();
        submitter.Run();
        SignalEnd();
    }
}
