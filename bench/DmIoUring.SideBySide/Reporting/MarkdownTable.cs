using System.Text;

namespace DmIoUring.SideBySide.Reporting;

/// <summary>Rows between bars.</summary>
internal static class MarkdownTable
{
    /// <summary>Writes a table and an empty line.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="columns">The headings; those that end with a colon are of numbers.</param>
    /// <param name="rows">As many cells each.</param>
    public static void Append(StringBuilder text, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        Append(text, columns.Select(static column => column.TrimEnd(':')));
        Append(text, columns.Select(static column => column.EndsWith(':') ? "---:" : "---"));
        foreach (IReadOnlyList<string> row in rows)
            Append(text, row);
        text.Append('\n');
    }

    private static void Append(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
