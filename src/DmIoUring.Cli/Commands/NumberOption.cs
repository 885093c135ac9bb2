using System.CommandLine.Parsing;
using System.Globalization;

namespace DmIoUring.Cli.Commands;

/// <summary>Numbers in a range on the command line; sizes may end in K, M, G or T: 65536, 64K, 1M.</summary>
internal static class NumberOption
{
    public static int ParseSize(ArgumentResult result, int least, int most, int multiple) =>
        (int)ParseSize(result, (long)least, most, multiple);

    public static long ParseSize(ArgumentResult result, long least, long most, int multiple)
    {
        string text = result.Tokens[0].Value;
        long unit = text.Length == 0 ? 1 : char.ToUpperInvariant(text[^1]) switch
        {
            'K' => 1 << 10,
            'M' => 1 << 20,
            'G' => 1 << 30,
            'T' => 1L << 40,
            _ => 1,
        };
        ReadOnlySpan<char> digits = unit == 1 ? text : text.AsSpan(..^1);
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            result.AddError($"{Name(result)} '{text}' is no size. Pass bytes, or a number with K, M, G or T after it: 65536, 64K, 1M.");
        else if (number > most / unit || number * unit < least || number * unit % multiple != 0)
            result.AddError($"{Name(result)} {text} must be {least} to {most} bytes and a multiple of {multiple}.");
        else
            return number * unit;
        return 0;
    }

    public static int ParseCount(ArgumentResult result, int least, int most)
    {
        string text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most)
            return number;
        result.AddError($"{Name(result)} {text} must be a number from {least} to {most}.");
        return 0;
    }

    private static string Name(ArgumentResult result) =>
        result.Parent is OptionResult option ? option.Option.Name : result.Argument.Name;
}
