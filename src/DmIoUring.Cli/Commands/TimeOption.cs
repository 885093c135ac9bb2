using System.CommandLine.Parsing;
using System.Globalization;

namespace DmIoUring.Cli.Commands;

/// <summary>Times on the command line: seconds, or a number with s, m or h after it: 90, 90s, 10m, 1h.</summary>
internal static class TimeOption
{
    private static readonly TimeSpan Most = TimeSpan.FromDays(7);

    public static TimeSpan Parse(ArgumentResult result) => Parse(result, mayBeZero: false);

    public static TimeSpan Parse(ArgumentResult result, bool mayBeZero)
    {
        string text = result.Tokens[0].Value;
        int unit = text.Length == 0 ? 1 : char.ToUpperInvariant(text[^1]) switch
        {
            'H' => 3600,
            'M' => 60,
            _ => 1,
        };
        ReadOnlySpan<char> digits = text.Length > 0 && char.IsLetter(text[^1]) && (unit > 1 || text[^1] is 's' or 'S') ? text.AsSpan(..^1) : text;
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number))
            result.AddError($"{NumberOption.NameOf(result)} '{text}' is no time: pass seconds, or a number with s, m or h after it, as 90, 10m, 1h");
        else if ((number == 0 && !mayBeZero) || number * unit > Most.TotalSeconds)
            result.AddError($"{NumberOption.NameOf(result)} {text} must be {(mayBeZero ? "0" : "more than 0")} seconds and at most a week");
        else
            return TimeSpan.FromSeconds(number * unit);
        return TimeSpan.Zero;
    }

    /// <summary>A time as one would type it: 1m for 60 seconds.</summary>
    public static string Text(TimeSpan time) => time.TotalSeconds switch
    {
        > 0 and var seconds when seconds % 3600 == 0 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600}h"),
        > 0 and var seconds when seconds % 60 == 0 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60}m"),
        var seconds => string.Create(CultureInfo.InvariantCulture, $"{seconds}s"),
    };
}
