namespace DmIoUring.Cli.Copy;

/// <summary>A destination that is open.</summary>
/// <param name="device">Where the data goes.</param>
/// <param name="created">Whether the file was not there before.</param>
internal sealed class CopyDestination(BlockDevice device, bool created) : IDisposable
{
    public BlockDevice Device { get; } = device;

    public bool IsCreated { get; } = created;

    public void Dispose() => Device.Dispose();
}
