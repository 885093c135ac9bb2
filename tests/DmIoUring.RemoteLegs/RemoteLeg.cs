namespace DmIoUring.RemoteLegs;

/// <summary>A device of a network initiator's, with a relay between it and its server.</summary>
internal abstract class RemoteLeg : IDisposable
{
    public const long Size = 64 << 20;

    /// <summary>The block device.</summary>
    public abstract string Path { get; }

    public abstract Relay Relay { get; }

    public abstract void Dispose();
}
