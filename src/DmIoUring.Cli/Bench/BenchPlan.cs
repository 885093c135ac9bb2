namespace DmIoUring.Cli.Bench;

/// <summary>A run that has passed every check; owns everything opened for it.</summary>
internal sealed class BenchPlan : IDisposable
{
    public required BenchRun Run { get; init; }

    public required BenchLoad Load { get; init; }

    public BenchRequest Request => Run.Request;

    public void Dispose()
    {
        Load.Dispose();
        foreach (BlockDevice device in Run.Target.Devices)
            device.Dispose();
    }
}
