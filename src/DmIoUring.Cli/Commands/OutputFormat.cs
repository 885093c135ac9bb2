namespace DmIoUring.Cli.Commands;

/// <summary>How a report is printed.</summary>
internal enum OutputFormat
{
    Normal,
    Json,
}
