namespace DmIoUring.Cli.Stress;

/// <summary>A way to break one device and mend it again. One thread does both, while others use the device.</summary>
internal interface IStressFault
{
    /// <summary>For a person: <c>read-only</c>.</summary>
    string Name { get; }

    /// <summary>Breaks the device; where and how much comes from the seed.</summary>
    void Break(ref SeededSequence random);

    /// <summary>Mends it, and sets what its sectors hold then.</summary>
    /// <exception cref="TimeoutException">The run did not let go of the blocks.</exception>
    void Mend();

    /// <summary>What it does to a region, by what <see cref="Break"/> has drawn.</summary>
    FaultEffect EffectOn(OperationKind kind, IoFlags flags, in StressRegion region);
}
