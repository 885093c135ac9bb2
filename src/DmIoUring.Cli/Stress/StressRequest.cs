namespace DmIoUring.Cli.Stress;

/// <summary>What the user asked for.</summary>
internal sealed record StressRequest
{
    public const int DefaultSize = 64 << 20;
    public const int LeastSize = 1 << 20;
    public const int MostSize = 1 << 30;
    public const int DefaultDepth = 8;
    public static readonly TimeSpan DefaultTime = TimeSpan.FromMinutes(1);

    /// <summary>The devices to overwrite; none for some of its own.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    public TimeSpan Time { get; init; } = DefaultTime;

    /// <summary>Null for one of its own choice.</summary>
    public ulong? Seed { get; init; }

    public int Threads { get; init; } = DefaultThreads;

    /// <summary>Operations that a thread keeps under way.</summary>
    public int Depth { get; init; } = DefaultDepth;

    /// <summary>Whether devices are broken and mended meanwhile.</summary>
    public bool Faults { get; init; }

    /// <summary>How much of each device is used.</summary>
    public int Size { get; init; } = DefaultSize;

    /// <summary>Whether what is on the devices may be destroyed.</summary>
    public bool Destroy { get; init; }

    /// <summary>Whether devices that are mounted or claimed are used all the same.</summary>
    public bool Force { get; init; }

    /// <summary>Whether it makes files where it could make loop devices.</summary>
    public bool PlainFiles { get; init; }

    public static int DefaultThreads => Math.Clamp(Environment.ProcessorCount, 4, 64);
}
