using System.Globalization;
using System.Text;

namespace DmIoUring.Cli;

/// <summary>
/// Text of foreign origin (paths, messages that contain them) as it may go to a terminal: one line, without anything that moves the
/// cursor, changes colours or turns the reading direction. Documents for programs don't need it: JSON escapes by itself.
/// </summary>
internal static class Printable
{
    /// <summary>The text with every character that is not printed replaced by its escape, <c>\n</c> or <c>\x1b</c>.</summary>
    public static string Of(string text)
    {
        int first = 0;
        while (first < text.Length && IsPrinted(text[first]))
            first++;
        if (first == text.Length)
            return text;
        StringBuilder result = new(text, 0, first, text.Length + 16);
        foreach (char character in text.AsSpan(first))
        {
            if (IsPrinted(character))
                result.Append(character);
            else
                result.Append(Escape(character));
        }

        return result.ToString();
    }

    /// <summary>Surrogates are parts of printed characters; formats (Cf) include those that turn the direction (UAX #9).</summary>
    private static bool IsPrinted(char character) => char.GetUnicodeCategory(character) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static string Escape(char character) => character switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        < (char)0x100 => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
    };
}
