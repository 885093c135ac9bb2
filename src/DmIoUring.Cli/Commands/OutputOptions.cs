using System.CommandLine;
using System.CommandLine.Parsing;

namespace DmIoUring.Cli.Commands;

/// <summary>What every command that reports has: <c>--output-format json</c>, and <c>--json</c> for short.</summary>
internal sealed class OutputOptions
{
    private static readonly string NormalWord = WordOption.Word(OutputFormat.Normal);

    private readonly Option<OutputFormat> _format = WordOption.Create(Vocabulary.OutputFormat, "how the report is printed", OutputFormat.Normal);

    private readonly Option<bool> _json = new(Vocabulary.Json) { Description = "the same as --output-format json" };

    public void AddTo(Command command)
    {
        command.Add(_format);
        command.Add(_json);
        command.Validators.Add(Check);
    }

    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json) || parsed.GetValue(_format) == OutputFormat.Json;

    private void Check(CommandResult result)
    {
        // By the word itself: a value that was refused can't be asked for.
        if (result.GetResult(_json) is not null && result.GetResult(_format)?.Tokens is [{ Value: var word }] && string.Equals(word, NormalWord, StringComparison.Ordinal))
            result.AddError($"--json with --output-format {word}: it is one or the other");
    }
}
