using System.CommandLine.Parsing;
using System.Globalization;

namespace DmIoUring.Cli.Commands;

/// <summary>Sizes on the command line: 65536, 64K, 1M.</summary>
internal static class ByteSize
{
    public static int Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        long unit = text.Length == 0 ? 1 : char.ToUpperInvariant(text[^1]) switch
        {
            'K' => 1 << 10,
            'M' => 1 << 20,
            _ => 1,
        };
        ReadOnlySpan<char> digits = unit == 1 ? text : text.AsSpan(..^1);
        if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value * unit <= int.MaxValue)
            return (int)(value * unit);
        result.AddError($"'{text}' is no size. Pass bytes, or K or M after the number: 65536, 64K, 1M.");
        return 0;
    }
}
