using DmIoUring.Testing;

namespace DmIoUring.Cli.Stress;

/// <summary>A fault of a medium that loses nothing: ended, the device is as it was.</summary>
internal sealed class MediumFault(string name, Fault? fault, Func<OperationKind, IoFlags, StressRegion, FaultEffect> effect) : IFault
{
    public string Name => name;

    public FaultEffect EffectOn(OperationKind kind, IoFlags flags, in StressRegion region) => effect(kind, flags, region);

    public void Mend() => fault?.Dispose();
}
