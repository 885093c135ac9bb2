namespace DmIoUring.Cli.Copy;

/// <summary>What a copy is doing, or was doing when something failed.</summary>
internal enum CopyPhase
{
    Read,
    Write,
    Flush,
    Verify,
}
