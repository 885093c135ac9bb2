using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using F23.StringSimilarity;

namespace DmIoUring.Cli.Commands;

/// <summary>What was typed wrongly, in one line, and what to type instead.</summary>
internal static class UsageError
{
    /// <summary>The first thing that is wrong.</summary>
    /// <param name="result">What was parsed, with errors.</param>
    /// <param name="help">The pages of help, which know what commands are called.</param>
    public static Refusal Of(ParseResult result, HelpPage help)
    {
        Command command = result.CommandResult.Command;
        string see = $"See: {help.NameOf(command)} --help";
        if (UnknownOption(result) is { } unknown)
        {
            IEnumerable<string> names = AllOptions(command).SelectMany(static option => option.Aliases.Prepend(option.Name));
            return Closest(unknown, names) is { } meant
                ? new Refusal("", $"unknown option {unknown}; did you mean {meant}?", "")
                : new Refusal("", $"unknown option {unknown}", command.Arguments.Count > 0 ? $"{see}. If it is a file, write ./{unknown}" : see);
        }

        if (result.UnmatchedTokens is [string first, ..])
        {
            if (command.Subcommands.Count == 0)
                return new Refusal("", $"unexpected argument '{first}'", see);
            return Closest(first, command.Subcommands.Select(static one => one.Name)) is { } meant
                ? new Refusal("", $"unknown command {first}; did you mean {meant}?", "")
                : new Refusal("", $"unknown command {first}", see);
        }

        return new Refusal("", Reason(result.Errors[0]), see);
    }

    /// <summary>What looks like an option and is none: a parser takes it for a path where there may be some.</summary>
    private static string? UnknownOption(ParseResult result)
    {
        IEnumerable<string> words = result.UnmatchedTokens.Concat(
            result.CommandResult.Children.OfType<ArgumentResult>().SelectMany(static argument => argument.Tokens).Select(static token => token.Value));
        string? word = words.FirstOrDefault(static word => word.StartsWith('-') && word.Length > 1);
        return word?.Split('=')[0];
    }

    private static string Reason(ParseError error) => error.SymbolResult switch
    {
        OptionResult { Tokens.Count: 0, IdentifierToken: null } option => $"{option.Option.Name} {option.Option.HelpName} is missing",
        OptionResult { Tokens.Count: 0, IdentifierToken: { } typed } option => $"{typed.Value} needs a value: {Values(option.Option)}",
        ArgumentResult { Tokens.Count: 0 } argument => $"{argument.Argument.Name} is missing",
        CommandResult result when result.Command.Options.FirstOrDefault(option => option.Required && result.GetResult(option) is null) is { } option =>
            $"{option.Name} {option.HelpName} is missing",
        CommandResult result when result.Command.Arguments.FirstOrDefault(argument => IsMissing(result, argument)) is { } argument =>
            $"{argument.Name} is missing",
        _ => error.Message.TrimEnd('.'),
    };

    private static string Values(Option option) =>
        option.GetCompletions(CompletionContext.Empty).Select(static item => item.Label).ToArray() is { Length: > 0 } words
            ? string.Join(", ", words)
            : option.HelpName ?? "";

    private static bool IsMissing(CommandResult result, Argument argument) =>
        argument.Arity.MinimumNumberOfValues > (result.GetResult(argument)?.Tokens.Count ?? 0);

    private static IEnumerable<Option> AllOptions(Command command) =>
        command.Options.Concat(command.Parents.OfType<Command>().SelectMany(AllOptions).Where(static option => option.Recursive));

    /// <summary>What is as good as the same: a third of the letters may be wrong, or two of them have changed places.</summary>
    private static string? Closest(string typed, IEnumerable<string> names)
    {
        OptimalStringAlignment distance = new();
        string word = typed.TrimStart('-');
        (string? Name, double Distance) best = names
            .Select(name => (Name: name, Distance: distance.Distance(word, name.TrimStart('-'))))
            .MinBy(static candidate => candidate.Distance);
        return best.Distance <= Math.Max(1, word.Length / 3) && best.Distance < word.Length ? best.Name : null;
    }
}
