namespace DmIoUring.Cli.Stress;

/// <summary>Where a run is.</summary>
internal enum StressPhase
{
    /// <summary>Every sector is written once.</summary>
    Prepare,

    /// <summary>All threads are at it.</summary>
    Work,

    /// <summary>Every sector is read once.</summary>
    ReadBack,
}
