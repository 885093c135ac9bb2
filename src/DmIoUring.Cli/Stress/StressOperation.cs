using System.Globalization;

namespace DmIoUring.Cli.Stress;

/// <summary>One operation as the seed says it.</summary>
internal sealed record StressOperation
{
    public const int NoCancel = -1;

    public required long Generation { get; init; }

    public required OperationKind Kind { get; init; }

    public CallWay Way { get; init; }

    /// <summary>Which of the clients.</summary>
    public int Client { get; init; }

    public BufferShape Shape { get; init; }

    public IoFlags Flags { get; init; }

    public IoPriority Priority { get; init; }

    public StressRegion[] Regions { get; init; } = [];

    /// <summary>The buffer's length.</summary>
    public int BufferSectors { get; init; }

    /// <summary>Milliseconds from submitting to the token; 0 for at once, <see cref="NoCancel"/> for never.</summary>
    public int CancelAfter { get; init; } = NoCancel;

    /// <summary>Whether the callback of the write submits a read of the same region.</summary>
    public bool ReadsBack { get; init; }

    /// <summary>What else has to be drawn on the way: how the buffer is cut, how many pages are reserved.</summary>
    public ulong Luck { get; init; }

    public bool IsModifying => Kind is OperationKind.Write or OperationKind.Discard or OperationKind.WriteZeroes;

    public string Describe(IReadOnlyList<StressLeg> legs)
    {
        string regions = string.Join(", ", Regions.Take(8).Select(region =>
            string.Create(CultureInfo.InvariantCulture, $"{legs[region.Leg].Path} {region.Sector}+{region.Count}")));
        string more = Regions.Length > 8 ? FormattableString.Invariant($" and {Regions.Length - 8} more") : "";
        string flags = Flags == IoFlags.None ? "" : $", {Flags}";
        string cancel = CancelAfter == NoCancel ? "" : FormattableString.Invariant($", cancelled after {CancelAfter} ms");
        return $"{Kind} {Stress.Generation.Name(Generation)}: {regions}{more}; {Way}, client {StressClients.Names[Client]}, {Shape}{flags}{cancel}";
    }
}
