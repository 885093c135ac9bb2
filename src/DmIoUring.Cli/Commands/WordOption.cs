using System.CommandLine.Parsing;

namespace DmIoUring.Cli.Commands;

/// <summary>One of a few words on the command line: an enum's members in small letters.</summary>
internal static class WordOption
{
    public static T Parse<T>(ArgumentResult result)
        where T : struct, Enum
    {
        string text = result.Tokens[0].Value;
        foreach (T value in Enum.GetValues<T>())
        {
            if (string.Equals(Word(value), text, StringComparison.Ordinal))
                return value;
        }

        result.AddError($"{Name(result)} {text} must be one of {string.Join(", ", Enum.GetValues<T>().Select(Word))}.");
        return default;
    }

    /// <summary>What is typed for a value.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary>All words, for the help.</summary>
    public static string Words<T>()
        where T : struct, Enum => string.Join('|', Enum.GetValues<T>().Select(Word));

    private static string Name(ArgumentResult result) =>
        result.Parent is OptionResult option ? option.Option.Name : result.Argument.Name;
}
