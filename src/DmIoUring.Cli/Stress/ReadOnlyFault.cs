using DmIoUring.ScratchDevices;

namespace DmIoUring.Cli.Stress;

/// <summary>The device refuses writes while it is open for them (BLKROSET); nothing that it holds is lost.</summary>
internal sealed class ReadOnlyFault(LoopDevice loop) : IBreakable, IFault
{
    public string Name => "read-only";

    public IFault Break(ref SeededSequence random)
    {
        loop.SetReadOnly(readOnly: true);
        return this;
    }

    public void Mend() => loop.SetReadOnly(readOnly: false);

    public FaultEffect EffectOn(OperationKind kind, IoFlags flags, in StressRegion region) =>
        kind is OperationKind.Read or OperationKind.Flush || region.Count == 0 ? FaultEffect.None : FaultEffect.Fails;
}
