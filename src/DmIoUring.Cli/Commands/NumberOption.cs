using System.CommandLine.Parsing;
using System.Globalization;

namespace DmIoUring.Cli.Commands;

/// <summary>Numbers in a range on the command line; sizes may end in K, M, G or T: 65536, 64K, 1M.</summary>
internal static class NumberOption
{
    private const string Units = "KMGT";

    public static int ParseSize(ArgumentResult result, int least, int most, int multiple) =>
        (int)ParseSize(result, (long)least, most, multiple);

    public static long ParseSize(ArgumentResult result, long least, long most, int multiple)
    {
        string text = result.Tokens[0].Value;
        int power = text.Length == 0 ? 0 : Units.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal) + 1;
        long unit = 1L << (10 * power);
        ReadOnlySpan<char> digits = power == 0 ? text : text.AsSpan(..^1);
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            result.AddError($"{NameOf(result)} '{text}' is no size: pass bytes, or a number with K, M, G or T after it, as 65536, 64K, 1M");
        else if (number > most / unit || number * unit < least || number * unit % multiple != 0)
            result.AddError($"{NameOf(result)} {text} must be {SizeText(least)} to {SizeText(most)}{(multiple > 1 ? $" and a multiple of {SizeText(multiple)}" : "")}");
        else
            return number * unit;
        return 0;
    }

    public static int ParseCount(ArgumentResult result, int least, int most)
    {
        string text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most)
            return number;
        result.AddError($"{NameOf(result)} {text} must be a number from {least} to {most}");
        return 0;
    }

    public static long ParseSector(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= long.MaxValue / IoRegion.SectorSize)
            return number;
        result.AddError($"{NameOf(result)} {text} must be a number from 0 to {long.MaxValue / IoRegion.SectorSize}");
        return 0;
    }

    public static ulong ParseSeed(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed))
            return seed;
        result.AddError($"{NameOf(result)} {text} must be a number from 0 to {ulong.MaxValue}");
        return 0;
    }

    /// <summary>A size as one would type it: 64K for 65536.</summary>
    public static string SizeText(long bytes)
    {
        int power = 0;
        for (; power < Units.Length && bytes > 0 && bytes % 1024 == 0; power++)
            bytes /= 1024;
        return bytes.ToString(CultureInfo.InvariantCulture) + (power == 0 ? "" : Units[power - 1]);
    }

    /// <summary>What the user typed for the option, or the argument's name.</summary>
    public static string NameOf(ArgumentResult result) =>
        result.Parent is OptionResult option ? option.IdentifierToken?.Value ?? option.Option.Name : result.Argument.Name;
}
