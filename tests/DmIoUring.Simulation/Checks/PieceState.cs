namespace DmIoUring.Simulation.Checks;

/// <summary>Where a piece of a region is.</summary>
internal enum PieceState
{
    InKernel,

    /// <summary>The engine has to issue it again.</summary>
    Waiting,
    Ended,
}
