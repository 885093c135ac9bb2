namespace DmIoUring.Cli.Devices;

/// <summary>What is behind a path.</summary>
internal enum PathKind
{
    Missing,
    BlockDevice,
    RegularFile,
    Directory,
    CharacterDevice,
    Fifo,
    Socket,
    Unknown,
}
