namespace DmIoUring.Cli.Bench;

/// <summary>Callbacks on the lanes' threads that submit the next request of their slot.</summary>
internal sealed class LaneCallbackLoad : ClientLoad
{
    private readonly IoNotify _ended;

    /// <inheritdoc cref="ClientLoad(BenchRun, int)"/>
    public LaneCallbackLoad(BenchRun run)
        : base(run, ends: run.JobsInAll * run.Request.Depth) => _ended = OnEnded;

    public override void Start()
    {
        foreach (BenchSlot slot in Jobs.SelectMany(static job => job.Slots))
        {
            if (!TrySubmit(slot))
                SignalEnd();
        }
    }

    private void OnEnded(IoResult result, object? context)
    {
        BenchSlot slot = (BenchSlot)context!;
        if (!slot.End(result) || !TrySubmit(slot))
            SignalEnd();
    }

    private bool TrySubmit(BenchSlot slot)
    {
        try
        {
            slot.Draw();
            if (slot.IsRead)
                Client.SubmitRead(slot.Region, slot.Buffer, _ended, slot);
            else
                Client.SubmitWrite(slot.Regions, slot.Buffer, _ended, slot, slot.WriteOptions);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            Run.Fail(exception);
            return false;
        }
    }
}
