namespace DmIoUring.SideBySide;

/// <summary>What was asked for.</summary>
internal sealed record SideBySideRequest
{
    public const int DefaultRounds = 5;
    public const int MostRounds = 100;
    public static readonly TimeSpan DefaultRuntime = TimeSpan.FromSeconds(1.6);
    public static readonly TimeSpan DefaultRamp = TimeSpan.FromSeconds(0.3);

    public required int Rounds { get; init; }

    /// <summary>How long each run measures.</summary>
    public required TimeSpan Runtime { get; init; }

    /// <summary>How long it runs before.</summary>
    public required TimeSpan Ramp { get; init; }

    /// <summary>A block device with FUA that may be overwritten; null for none, and what needs one is left out.</summary>
    public required string? FuaDevice { get; init; }

    /// <summary>Empty for everything.</summary>
    public required IReadOnlyList<string> Only { get; init; }

    /// <summary>Whether the report is only made again from what was measured.</summary>
    public required bool ReportOnly { get; init; }

    /// <summary>Null for the place where it belongs.</summary>
    public required string? Output { get; init; }
}
