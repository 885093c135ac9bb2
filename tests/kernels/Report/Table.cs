using System.Globalization;
using System.Text;

namespace DmIoUring.KernelReport;

/// <summary>The table: kernel x suite x ring.</summary>
internal static class Table
{
    private static readonly string[] Head = ["kernel", "release", "suite", "ring", "passed", "failed", "not offered", "why not"];

    /// <summary>For a terminal.</summary>
    public static string Text(IReadOnlyList<Guest> guests)
    {
        string[][] lines = [Head, .. Lines(guests)];
        int[] widths = [.. Head[..^1].Select((_, column) => lines.Max(line => line[column].Length))];
        StringBuilder text = new();
        foreach (string[] line in lines)
        {
            for (int column = 0; column < widths.Length; column++)
                _ = text.Append(column is 4 or 5 or 6 ? line[column].PadLeft(widths[column]) : line[column].PadRight(widths[column])).Append("  ");
            _ = text.Append(line[^1]).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>For a page: where each kernel comes from, the table, and what each kernel's io_uring lacks.</summary>
    public static string Markdown(IReadOnlyList<Guest> guests)
    {
        StringBuilder text = new();
        _ = text.Append("| Kernel | Release | Package | Requests travel on |\n|---|---|---|---|\n");
        foreach (Guest guest in guests)
            _ = text.Append(CultureInfo.InvariantCulture, $"| {guest.Name} | {guest.Release} | {guest.Package} | {Carrier(guest)} |\n");
        _ = text.Append("\n| Kernel | Suite | Ring | Passed | Failed | Not offered | Why not |\n|---|---|---|---:|---:|---:|---|\n");
        foreach (string[] line in Lines(guests))
            _ = text.Append(CultureInfo.InvariantCulture, $"| {line[0]} | {string.Join(" | ", line[2..].Select(static cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |\n");
        _ = text.Append("\n| Kernel | What its io_uring lacks |\n|---|---|\n");
        foreach (Guest guest in guests.Where(static guest => guest.Capabilities is { Lacking.Count: > 0 }))
            _ = text.Append(CultureInfo.InvariantCulture, $"| {guest.Name} | {string.Join("; ", guest.Capabilities!.Lacking).Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        return text.ToString();
    }

    private static string Carrier(Guest guest) => guest.Missing ?? (guest.Capabilities is { } capabilities ? capabilities.Refusal ?? capabilities.Ring : "unknown");

    private static IEnumerable<string[]> Lines(IReadOnlyList<Guest> guests)
    {
        foreach (Guest guest in guests)
        {
            if (guest.Missing is not null)
                yield return [guest.Name, "-", "-", "-", "-", "-", "all", guest.Missing];
            foreach (Row row in guest.Rows)
            {
                yield return
                [
                    guest.Name, guest.Release, row.Suite, row.Ring, row.Passed.ToString(CultureInfo.InvariantCulture), row.Failed.ToString(CultureInfo.InvariantCulture),
                    row.Absent.ToString(CultureInfo.InvariantCulture), string.Join("; ", row.Reasons),
                ];
            }
        }
    }
}
