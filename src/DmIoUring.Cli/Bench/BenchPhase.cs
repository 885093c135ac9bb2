namespace DmIoUring.Cli.Bench;

/// <summary>What a run is at. It never goes back.</summary>
internal enum BenchPhase
{
    /// <summary>The queues are being filled, or the warm-up runs.</summary>
    WarmUp,

    /// <summary>Requests that end now count.</summary>
    Measuring,

    /// <summary>Nothing is submitted any more.</summary>
    Stopping,
}
