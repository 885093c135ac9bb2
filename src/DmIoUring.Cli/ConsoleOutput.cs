using System.Text;
using Spectre.Console;

namespace DmIoUring.Cli;

/// <summary>A console's way out, which knows by itself whether a terminal is there: the writer does not tell.</summary>
/// <param name="writer">Where the text goes.</param>
/// <param name="terminal">Whether a person looks at it.</param>
internal sealed class ConsoleOutput(TextWriter writer, bool terminal) : IAnsiConsoleOutput
{
    private const int UsualWidth = 80;
    private const int UsualHeight = 24;

    /// <summary>Wide enough for a file: nothing there is cut into lines because of a window.</summary>
    private const int WidthOfAFile = 100;

    public TextWriter Writer { get; } = writer;

    public bool IsTerminal { get; } = terminal;

    public int Width => IsTerminal ? Size(static () => Console.BufferWidth, UsualWidth) : WidthOfAFile;

    public int Height => IsTerminal ? Size(static () => Console.WindowHeight, UsualHeight) : UsualHeight;

    /// <summary>It is UTF-8, always.</summary>
    public void SetEncoding(Encoding encoding)
    {
    }

    private static int Size(Func<int> ask, int usual)
    {
        try
        {
            return ask() is > 0 and int size ? size : usual;
        }
        catch (IOException)
        {
            return usual;
        }
    }
}
