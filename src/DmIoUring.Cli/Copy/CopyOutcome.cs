namespace DmIoUring.Cli.Copy;

/// <summary>How a copy ended.</summary>
internal enum CopyOutcome
{
    Complete,
    Failed,
    Refused,
    Interrupted,
}
