namespace DmIoUring.Cli.Mirroring;

/// <summary>What the user asked for.</summary>
internal sealed record MirrorRequest
{
    public required MirrorAction Action { get; init; }

    public required IReadOnlyList<string> Legs { get; init; }

    /// <summary>Bytes of a new mirror; null for what fits on the smallest leg.</summary>
    public long? Bytes { get; init; }

    /// <summary>Bytes of a region of a new mirror; null for the library's choice.</summary>
    public long? RegionBytes { get; init; }

    /// <summary>Whether a new mirror's legs are in sync as they are.</summary>
    public bool AssumeEqual { get; init; }

    /// <summary>Whether a new mirror's data has checksums.</summary>
    public bool Checksums { get; init; }

    /// <summary>Whether legs are brought into sync after they were put into the mirror.</summary>
    public bool Resync { get; init; } = true;

    /// <summary>Whether devices that are mounted, claimed or legs of another mirror are used all the same.</summary>
    public bool Force { get; init; }

    /// <summary>What a resync copies at most in a second; null for no limit.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>Whether the mirror is opened without legs that are missing.</summary>
    public bool AllowMissing { get; init; }

    /// <summary>The leg of a split mirror that is right.</summary>
    public string? Trusted { get; init; }

    /// <summary>The index of the leg that is replaced.</summary>
    public int Replaced { get; init; }

    /// <summary>What replaces it.</summary>
    public string? Replacement { get; init; }
}
