using DmIoUring.Cli.Commands;

namespace DmIoUring.Cli.Stress;

/// <summary>A run that has passed every check; owns everything opened for it.</summary>
internal sealed class StressPlan : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public required StressRequest Request { get; init; }

    public required ulong Seed { get; init; }

    public required IReadOnlyList<StressLeg> Legs { get; init; }

    public required StressClients Clients { get; init; }

    /// <summary>Why there are files where there could be loop devices; null when there are loop devices, or the user's own.</summary>
    public string? WhyNoLoopDevices { get; init; }

    /// <summary>Why --faults does without bad sectors, stuck requests and power cuts; null when it has them, or was not asked for.</summary>
    public string? WhyNoFaultyMedium { get; init; }

    /// <summary>What a person should know about checks that could not be made.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Called when the phase is about to begin and nothing is under way.</summary>
    public Action<StressPhase>? PhaseBegins { get; set; }

    public int Threads => Request.Threads;

    public int Depth => Request.Depth;

    /// <summary>What to type to get the same operations again.</summary>
    public string Command
    {
        get
        {
            string paths = string.Concat(Request.Paths.Select(path => " " + path));
            string flags = (Request.Destroy ? " --destroy" : "") + (Request.Force ? " --force" : "") + (Request.PlainFiles ? " --files" : "") + (Request.Faults ? " --faults" : "");
            return FormattableString.Invariant(
                $"dmio stress{paths} --seed {Seed} --runtime {TimeOption.Text(Request.Time)} --numjobs {Threads} --iodepth {Depth} --size {NumberOption.SizeText(Request.Size)}{flags}");
        }
    }

    public void Dispose()
    {
        // Several clients wait one after the other for what never ends; the process has to end all the same.
        Task.Run(Clients.Dispose).Wait(Patience);
        foreach (StressLeg leg in Legs)
            leg.Dispose();
    }
}
