namespace DmIoUring.Cli.Stress;

/// <summary>What is wrong with a device, from its breaking until its mending; it never changes.</summary>
internal interface IFault
{
    /// <summary>For a person: <c>shrunk to 1024 sectors</c>.</summary>
    string Name { get; }

    /// <summary>What it does to a region of a request.</summary>
    FaultEffect EffectOn(OperationKind kind, IoFlags flags, in StressRegion region);

    /// <summary>Mends the device, and sets what its sectors hold then.</summary>
    /// <exception cref="TimeoutException">The run did not let go of the blocks.</exception>
    void Mend();
}
