using DmIoUring.Cli;

namespace DmIoUring.SideBySide.Targets;

/// <summary>What a figure came to.</summary>
internal sealed record Reached(Figure Figure, Spread Spread)
{
    /// <summary>Null where nothing was to be reached.</summary>
    public bool? IsMet => Figure.Limit?.IsMetBy(Spread.Median);

    public string Verdict => IsMet switch
    {
        true => "met",
        false => "**missed**",
        null => "",
    };
}
