namespace DmIoUring.SideBySide.Contests;

/// <summary>One program with its settings.</summary>
/// <param name="Name">As the report calls it; its own in its contest.</param>
/// <param name="Tool">The program.</param>
/// <param name="Arguments">What it is given, but for the device and the duration.</param>
internal sealed record Contestant(string Name, Tool Tool, params IReadOnlyList<string> Arguments)
{
    /// <summary>Where it runs, if not where its contest does.</summary>
    public Medium? On { get; init; }

    /// <summary>The contestant that differs from this one by one option only.</summary>
    public string? Against { get; init; }

    /// <summary>dmio bench; the arguments are one text.</summary>
    public static Contestant Dmio(string name, string arguments) => new(name, Tool.Dmio, arguments.Split(' '));

    /// <summary>dmio-peers; the first word is the peer.</summary>
    public static Contestant Peer(string name, string arguments) => new(name, Tool.Peers, arguments.Split(' '));
}
