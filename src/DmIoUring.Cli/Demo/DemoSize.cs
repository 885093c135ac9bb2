namespace DmIoUring.Cli.Demo;

/// <summary>How much the demo does; a test does less.</summary>
internal sealed record DemoSize
{
    public const int PieceBytes = 1 << 20;
    public const int LatencyBytes = 4096;

    public int Pieces { get; init; } = 128;

    public int Depth { get; init; } = 8;

    public int Rounds { get; init; } = 7;

    /// <summary>How long each way to write is measured in a round.</summary>
    public TimeSpan RoundTime { get; init; } = TimeSpan.FromSeconds(0.2);

    /// <summary>After this long a comparison makes do with the rounds that it has, three at least.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether files are used even where loop devices could be made.</summary>
    public bool PlainFiles { get; init; }

    public long BytesPerLeg => (long)Pieces * PieceBytes;

    /// <summary>Two thirds of the leg and some blocks more, so that the first bad sector lies in the middle of a piece.</summary>
    public long CutBytes => Pieces * 2L / 3 * PieceBytes + 37 * 4096;
}
