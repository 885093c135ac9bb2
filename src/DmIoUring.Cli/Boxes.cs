using Spectre.Console;

namespace DmIoUring.Cli;

/// <summary>Lines around tables, of what the terminal can show.</summary>
internal static class Boxes
{
    public static Table Rounded(this Table table, IAnsiConsole console) =>
        table.Border(console.Profile.Capabilities.Unicode ? TableBorder.Rounded : TableBorder.Ascii);

    public static Panel Rounded(this Panel panel, IAnsiConsole console) =>
        panel.Border(console.Profile.Capabilities.Unicode ? BoxBorder.Rounded : BoxBorder.Ascii);
}
