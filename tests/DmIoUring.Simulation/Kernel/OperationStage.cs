namespace DmIoUring.Simulation.Kernel;

/// <summary>How far an entry is.</summary>
internal enum OperationStage
{
    /// <summary>In the submission queue.</summary>
    Queued,

    /// <summary>Taken, and not started.</summary>
    Taken,

    /// <summary>Its parts are being moved.</summary>
    Moving,

    /// <summary>Its completion was posted.</summary>
    Ended,
}
