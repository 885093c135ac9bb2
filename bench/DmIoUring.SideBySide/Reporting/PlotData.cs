using System.Globalization;
using System.Text;

namespace DmIoUring.SideBySide.Reporting;

/// <summary>A block of data as gnuplot has it inside a script: a row a line, texts in quotes, what was not measured as a question mark.</summary>
internal static class PlotData
{
    public static string Block(IEnumerable<(string Name, IEnumerable<double?> Values)> rows)
    {
        StringBuilder text = new("$data << EOD\n");
        foreach ((string name, IEnumerable<double?> values) in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"\"{name}\"");
            foreach (double? value in values)
                text.Append(' ').Append(value?.ToString("0.###", CultureInfo.InvariantCulture) ?? "?");
            text.Append('\n');
        }

        return text.Append("EOD\n").ToString();
    }
}
