namespace DmIoUring.Cli.Devices;

/// <summary>What is behind a path.</summary>
internal enum PathKind
{
    Missing,
    BlockDevice,
    RegularFile,
    Directory,
    CharacterDevice,

    /// <summary>The character device of an NVMe namespace (<c>/dev/ng0n1</c>).</summary>
    NvmeNamespace,
    Fifo,
    Socket,
    Unknown,
}
