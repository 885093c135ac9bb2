namespace DmIoUring.Cli.Stress;

/// <summary>What is wrong with a device. A new object with each change, so that who sees the same one twice knows that nothing changed between.</summary>
/// <param name="Fault">What is on; null when the device is whole.</param>
/// <param name="IsChanging">Whether it is being broken or mended: anything may happen.</param>
internal sealed record FaultState(IFault? Fault, bool IsChanging)
{
    public static FaultState Whole() => new(Fault: null, IsChanging: false);

    public static FaultState Changing() => new(Fault: null, IsChanging: true);

    public static FaultState Broken(IFault fault) => new(fault, IsChanging: false);

    /// <summary>What a request that began in one state and ended in another must show.</summary>
    public static FaultEffect Between(FaultState before, FaultState after, OperationKind kind, IoFlags flags, in StressRegion region)
    {
        if (!ReferenceEquals(before, after) || before.IsChanging)
            return FaultEffect.MayFail;
        return before.Fault?.EffectOn(kind, flags, region) ?? FaultEffect.None;
    }
}
