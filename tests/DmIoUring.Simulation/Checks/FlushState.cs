namespace DmIoUring.Simulation.Checks;

/// <summary>Where a region's flush is.</summary>
internal enum FlushState
{
    NotNeeded,
    Needed,
    InKernel,
    Waiting,
    Done,
    Failed,
}
