namespace DmIoUring.Cli.Stress;

/// <summary>What a run did.</summary>
internal sealed record StressCounts
{
    public required long Operations { get; init; }

    public required long Reads { get; init; }

    public required long Writes { get; init; }

    public required long Flushes { get; init; }

    public required long Discards { get; init; }

    public required long WriteZeroes { get; init; }

    public required long Reservations { get; init; }

    public required long RenewedClients { get; init; }

    /// <summary>Drawn, and not done as another operation had one of their blocks.</summary>
    public required long LeftOut { get; init; }

    /// <summary>Done with other memory, as the pool had no pages.</summary>
    public required long WithoutPages { get; init; }

    /// <summary>Regions that ended with ECANCELED.</summary>
    public required long Cancelled { get; init; }

    /// <summary>Regions that ended with ETIMEDOUT.</summary>
    public required long TimedOut { get; init; }

    /// <summary>Regions that failed because their device was broken.</summary>
    public required long FailedAsExpected { get; init; }

    /// <summary>Times that a device was broken and mended.</summary>
    public required long Faults { get; init; }

    public required long WrittenBytes { get; init; }

    public required long VerifiedBytes { get; init; }

    public static StressCounts Of(StressProgress progress) => new()
    {
        Operations = progress.Total,
        Reads = progress.Of(OperationKind.Read),
        Writes = progress.Of(OperationKind.Write),
        Flushes = progress.Of(OperationKind.Flush),
        Discards = progress.Of(OperationKind.Discard),
        WriteZeroes = progress.Of(OperationKind.WriteZeroes),
        Reservations = progress.Of(OperationKind.Reserve),
        RenewedClients = progress.Of(OperationKind.RenewClient),
        LeftOut = progress.LeftOut,
        WithoutPages = progress.WithoutPages,
        Cancelled = progress.Cancelled,
        TimedOut = progress.TimedOut,
        FailedAsExpected = progress.FailedAsExpected,
        Faults = progress.Faults,
        WrittenBytes = progress.WrittenBytes,
        VerifiedBytes = progress.VerifiedBytes,
    };
}
