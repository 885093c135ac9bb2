namespace DmIoUring.Cli.Bench;

/// <summary>A run that has passed every check; owns everything opened for it.</summary>
internal sealed class BenchPlan : IDisposable
{
    public required BenchRun Run { get; init; }

    public required BenchLoad Load { get; init; }

    /// <summary>What a person should know about checks that could not be made.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public BenchRequest Request => Run.Request;

    public void Dispose()
    {
        Load.Dispose();
        foreach (BlockDevice device in Run.Targets.SelectMany(static target => target.Devices))
            device.Dispose();
    }
}
