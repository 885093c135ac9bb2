using System.CommandLine;
using System.CommandLine.Parsing;

namespace DmIoUring.Cli.Commands;

/// <summary>One of a few words on the command line: an enum's members in small letters.</summary>
internal static class WordOption
{
    /// <summary>An option that takes one of an enum's words, and completes them.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it says.</param>
    /// <param name="usual">What holds where nothing is said: the enum's first.</param>
    public static Option<T> Create<T>(string name, string description, T usual)
        where T : struct, Enum => Describe<T, T>(new Option<T>(name) { CustomParser = Parse<T> }, description, Word(usual));

    /// <summary>The same, with null where nothing is said.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it says.</param>
    /// <param name="usual">What holds where nothing is said, in words.</param>
    public static Option<T?> CreateOptional<T>(string name, string description, string usual)
        where T : struct, Enum => Describe<T?, T>(new Option<T?>(name) { CustomParser = static result => Parse<T>(result) }, description, usual);

    /// <summary>What is typed for a value.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static Option<T> Describe<T, TWord>(Option<T> option, string description, string usual)
        where TWord : struct, Enum
    {
        string[] words = [.. Enum.GetValues<TWord>().Select(Word)];
        option.Description = $"{description}: {string.Join(", ", words)} ({usual})";
        option.HelpName = "WORD";
        option.CompletionSources.Clear();
        option.CompletionSources.Add(words);
        return option;
    }

    private static T Parse<T>(ArgumentResult result)
        where T : struct, Enum
    {
        string text = result.Tokens[0].Value;
        foreach (T value in Enum.GetValues<T>())
        {
            if (string.Equals(Word(value), text, StringComparison.Ordinal))
                return value;
        }

        result.AddError($"{NumberOption.NameOf(result)} {text} must be one of {string.Join(", ", Enum.GetValues<T>().Select(Word))}");
        return default;
    }
}
