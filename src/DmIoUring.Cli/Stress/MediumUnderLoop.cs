using DmIoUring.ScratchDevices;

namespace DmIoUring.Cli.Stress;

/// <summary>A loop device and what it lies on, which has to go last.</summary>
internal sealed class MediumUnderLoop(FaultFile medium, LoopDevice loop) : IDisposable
{
    public void Dispose()
    {
        loop.Dispose();
        medium.Dispose();
    }
}
