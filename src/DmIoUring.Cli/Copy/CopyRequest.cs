namespace DmIoUring.Cli.Copy;

/// <summary>What the user asked for.</summary>
internal sealed record CopyRequest
{
    public const int DefaultBlockBytes = 512 << 10;
    public const int DefaultDepth = 8;
    public const int MaxBlockBytes = 1 << 28;
    public const int MaxDepth = 256;

    public required string Source { get; init; }

    public required IReadOnlyList<string> Destinations { get; init; }

    /// <summary>Whether every destination is read back and compared with what the source says then.</summary>
    public bool Verify { get; init; }

    /// <summary>Whether devices that are mounted or claimed are used all the same.</summary>
    public bool Force { get; init; }

    /// <summary>What happens when the source can't be read.</summary>
    public CopyOnError OnError { get; init; }

    /// <summary>The most bytes a second; null for no limit.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>The first sector that is copied; what lies before it is there already.</summary>
    public long ResumeSector { get; init; }

    /// <summary>Whether holes are left out, and zeroes become holes.</summary>
    public bool Sparse { get; init; }

    /// <summary>The size of a piece.</summary>
    public int BlockBytes { get; init; } = DefaultBlockBytes;

    /// <summary>Pieces under way at once.</summary>
    public int Depth { get; init; } = DefaultDepth;
}
