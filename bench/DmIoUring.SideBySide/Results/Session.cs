namespace DmIoUring.SideBySide.Results;

/// <summary>All of one measuring: what results.json holds and the report is made of.</summary>
internal sealed record Session
{
    public required Machine Machine { get; init; }

    public required int Rounds { get; init; }

    /// <summary>How long each run measured.</summary>
    public required double Seconds { get; init; }

    /// <summary>How long it ran before.</summary>
    public required double RampSeconds { get; init; }

    /// <summary>How each contestant was started.</summary>
    public required IReadOnlyDictionary<string, string> Commands { get; init; }

    public required IReadOnlyList<Measurement> Measurements { get; init; }
}
