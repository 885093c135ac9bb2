namespace DmIoUring.Cli.Bench;

/// <summary>Each job's thread waits in the call of the one client.</summary>
internal sealed class SyncLoad : ClientLoad
{
    private readonly CountdownEvent _atWork;

    /// <inheritdoc cref="ClientLoad(BenchRun, int)"/>
    public SyncLoad(BenchRun run)
        : base(run, ends: run.JobsInAll) => _atWork = new CountdownEvent(run.JobsInAll);

    public override string? WhyNotFixed => null;

    public override void Start()
    {
        for (int job = 0; job < Jobs.Count; job++)
        {
            BenchSlot slot = Jobs[job].Slots[0];
            ArrivalSchedule? arrivals = Run.ArrivalsOf(job);
            new Thread(() => Loop(slot, arrivals)) { Name = FormattableString.Invariant($"dmio job {job}"), IsBackground = true }.Start();
        }

        _atWork.Wait();
    }

    public override void Dispose()
    {
        base.Dispose();
        _atWork.Dispose();
    }

    private void Loop(BenchSlot slot, ArrivalSchedule? arrivals)
    {
        _atWork.Signal();
        arrivals?.Start();
        try
        {
            IoResult result;
            do
            {
                arrivals?.Wait(Run);
                slot.Draw(arrivals?.Take() ?? 0);
                result = slot.IsRead ? Client.Read(slot.Region, slot.Buffer) : Client.Write(slot.Regions, slot.Buffer, slot.WriteOptions);
            }
            while (slot.End(result));
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or IOException)
        {
            Run.Fail(exception);
        }

        SignalEnd();
    }
}
