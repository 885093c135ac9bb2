using DmIoUring.Cli;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Targets;

/// <summary>One number that a target is about.</summary>
internal abstract record Figure
{
    /// <summary>What the target's own words leave open: the device, the percentile.</summary>
    public required string Where { get; init; }

    /// <summary>Null when the figure is only told.</summary>
    public Limit? Limit { get; init; }

    /// <summary>Who must have run; empty when it takes what there is.</summary>
    public abstract IReadOnlyList<Entrant> Needs { get; }

    /// <summary>The number of each round.</summary>
    public abstract IEnumerable<double> Of(ResultSet results);

    /// <summary>A number of this kind.</summary>
    public abstract string Text(double value);

    public string LimitText() => Limit is { } limit ? (limit.IsFloor ? ">= " : "<= ") + Text(limit.Value) : "";

    /// <summary>Its spread, and whether the median is within the limit; null when it was not measured.</summary>
    public Reached? Judge(ResultSet results) => Spread.Of(Of(results)) is { } spread ? new Reached(this, spread) : null;
}
