namespace DmIoUring.Cli.Bench;

/// <summary>How the report is printed.</summary>
internal enum BenchOutputFormat
{
    Normal,
    Json,
}
