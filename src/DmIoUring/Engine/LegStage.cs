namespace DmIoUring.Engine;

/// <summary>How far a region is on its way.</summary>
internal enum LegStage : byte
{
    /// <summary>What remains may be cut into chunks.</summary>
    Data,

    /// <summary>It must be flushed before anything else.</summary>
    FlushFirst,

    /// <summary>Its flush is under way; its data waits.</summary>
    Flushing,
}
