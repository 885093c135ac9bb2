namespace DmIoUring.Cli.Stress;

/// <summary>What a fault that is on from before a request until after it does to one of its regions.</summary>
internal enum FaultEffect
{
    /// <summary>The region must end as if nothing were wrong.</summary>
    None,

    /// <summary>Either way.</summary>
    MayFail,

    /// <summary>The region's bit must be set.</summary>
    Fails,
}
