namespace DmIoUring.Cli.Stress;

/// <summary>The first thing that was wrong, with the evidence.</summary>
internal sealed record Finding
{
    public required FindingKind Kind { get; init; }

    /// <summary>One sentence.</summary>
    public required string Message { get; init; }

    /// <summary>Seconds after the start.</summary>
    public double Seconds { get; init; }

    /// <summary>The device.</summary>
    public string? Path { get; init; }

    public long? Sector { get; init; }

    /// <summary>The first wrong byte, counted from the sector's beginning.</summary>
    public int? ByteInSector { get; init; }

    /// <summary>What the sector may hold: generations, or zeroes.</summary>
    public IReadOnlyList<string>? Expected { get; init; }

    /// <summary>What it holds, as far as that can be told.</summary>
    public string? Found { get; init; }

    /// <summary>The bytes around the first wrong one as they should be, for the likeliest of what is expected.</summary>
    public string? ExpectedBytes { get; init; }

    /// <summary>The same bytes as they are.</summary>
    public string? FoundBytes { get; init; }

    /// <summary>What reading the sector once more gave: whether the medium or the memory was wrong.</summary>
    public string? ReadAgain { get; init; }

    /// <summary>What found it.</summary>
    public string? Operation { get; init; }

    /// <summary>The last operations on the block, the oldest first.</summary>
    public IReadOnlyList<string>? History { get; init; }
}
