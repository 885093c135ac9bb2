namespace DmIoUring.Native.Handles;

/// <summary>A device that C has opened.</summary>
internal sealed class NativeDevice(BlockDevice device) : IHandled
{
    public nint Handle { get; set; }

    public BlockDevice Device => device;
}
