namespace DmIoUring.Cli.Bench;

/// <summary>A loop for each slot that awaits one request after the other: on the thread pool, or inline on the lanes' threads.</summary>
internal sealed class LaneAwaitLoad : ClientLoad
{
    /// <inheritdoc cref="ClientLoad(BenchRun, int)"/>
    public LaneAwaitLoad(BenchRun run)
        : base(run, ends: run.JobsInAll * run.Request.Depth)
    {
    }

    public override void Start()
    {
        foreach (BenchSlot slot in Jobs.SelectMany(static job => job.Slots))
            _ = LoopAsync(slot);
    }

    private async Task LoopAsync(BenchSlot slot)
    {
        try
        {
            IoResult result;
            do
            {
                slot.Draw();
                result = slot.IsRead
                    ? await Client.ReadAsync(slot.Region, slot.Buffer)
                    : await Client.WriteAsync(slot.Regions, slot.Buffer, slot.WriteOptions);
            }
            while (slot.End(result));
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            Run.Fail(exception);
        }

        SignalEnd();
    }
}
