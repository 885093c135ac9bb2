using System.Text.Json.Serialization;

namespace DmIoUring.Cli;

/// <summary>What every document of <c>--output-format json</c> begins with; docs/dmio.schema.json describes all of them.</summary>
internal abstract record CommandReport
{
    /// <summary>Changes when a document's reader would have to.</summary>
    private const int CurrentSchema = 1;

    /// <summary>The document of a command.</summary>
    /// <param name="command">The command that was run.</param>
    protected CommandReport(string command) => Command = command;

    /// <summary>The version of the schema.</summary>
    [JsonPropertyOrder(-3)]
    public int Schema { get; init; } = CurrentSchema;

    /// <summary>The command that was run.</summary>
    [JsonPropertyOrder(-2)]
    public string Command { get; }

    /// <summary>What the process ends with, unless this document could not be written.</summary>
    [JsonPropertyOrder(-1)]
    public int ExitCode => EndsWith;

    /// <summary>The same, from the outcome.</summary>
    protected abstract int EndsWith { get; }

    protected static int ExitCodeOf(CommandOutcome outcome) => outcome switch
    {
        CommandOutcome.Complete => Cli.ExitCode.Success,
        CommandOutcome.Failed => Cli.ExitCode.DeviceFailed,
        CommandOutcome.Refused => Cli.ExitCode.Refused,
        _ => Cli.ExitCode.Interrupted,
    };
}
