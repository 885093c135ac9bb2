using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace DmIoUring.Cli;

/// <summary>
/// Where a command writes: results to one console, refusals and progress to the other. Neither ever throws: what can't be written is told
/// at the end, by <see cref="End"/>.
/// </summary>
internal sealed class Terminal
{
    private readonly ReportWriter _output;
    private readonly ReportWriter _errors;

    /// <summary>Consoles for a person, or without colours and movement for files.</summary>
    /// <param name="output">The one.</param>
    /// <param name="outputRedirected">Whether it is no terminal.</param>
    /// <param name="errors">The other.</param>
    /// <param name="errorsRedirected">Whether it is no terminal.</param>
    /// <param name="program">Who says it.</param>
    /// <param name="look">What both are like.</param>
    public Terminal(ReportWriter output, bool outputRedirected, ReportWriter errors, bool errorsRedirected, string program, TerminalLook look)
    {
        _output = output;
        _errors = errors;
        Output = Console(output, outputRedirected, look);
        Errors = Console(errors, errorsRedirected, look);
        Program = program;
    }

    public string Program { get; }

    public IAnsiConsole Output { get; }

    public IAnsiConsole Errors { get; }

    /// <summary>Whether a person looks at <see cref="Errors"/>, so that a moving bar makes sense.</summary>
    public bool ShowsProgress => Errors.Profile.Capabilities.Interactive && Errors.Profile.Capabilities.Ansi;

    public static Terminal OfProcess(string program = "dmio") => new(
        StandardStreams.OpenOutput(), StandardStreams.IsOutputRedirected,
        StandardStreams.OpenError(), StandardStreams.IsErrorRedirected,
        program, TerminalLook.OfProcess());

    /// <summary>Both go to texts, as to files.</summary>
    public static Terminal OfText(TextWriter output, TextWriter errors, string program = "dmio", TerminalLook? look = null) => new(
        new ReportWriter(output), outputRedirected: true, new ReportWriter(errors), errorsRedirected: true, program, look ?? new TerminalLook());

    public void WriteJson<T>(T document, JsonTypeInfo<T> type) => _output.WriteLine(JsonSerializer.Serialize(document, type));

    /// <summary>One refusal: what is wrong in red where there is colour, and what to do.</summary>
    public void WriteRefusal(Refusal refusal)
    {
        // Not through the console's layout: a message cut into lines can't be searched for.
        bool ansi = Errors.Profile.Capabilities.Ansi;
        string path = refusal.Path.Length == 0 ? "" : Printable.Of(refusal.Path) + ": ";
        string advice = refusal.Advice.Length == 0 ? "" : "      " + Printable.Of(refusal.Advice) + "\n";
        _errors.Write($"{(ansi ? $"\e[1;31m{Program}:\e[0m" : Program + ":")} {path}{Printable.Of(refusal.Reason)}\n{advice}");
    }

    /// <summary>Something that a person may want to know and that stops nothing.</summary>
    public void WriteNote(string note) => _errors.Write($"{Program}: note: {Printable.Of(note)}\n");

    public void WriteNotes(IEnumerable<string> notes)
    {
        foreach (string note in notes)
            WriteNote(note);
    }

    /// <summary>A text of the command's own, as it is.</summary>
    public void WriteText(string text) => _output.Write(text);

    /// <summary>One line of a result, past the console's layout: what is to be pasted must not be cut into lines.</summary>
    public void WriteLine(string line) => _output.Write(Printable.Of(line) + "\n");

    /// <summary>Tells of a report that could not be written. A failure of standard error there is nobody to tell of.</summary>
    /// <param name="exitCode">How the work ended.</param>
    /// <returns>How the process ends.</returns>
    public int End(int exitCode)
    {
        _output.Flush();
        _errors.Flush();
        if (_output.Failure is not { } failure)
            return exitCode;
        WriteRefusal(new Refusal(
            "", $"standard output can't be written: {failure}; the work itself ended with {exitCode}{(exitCode == ExitCode.Success ? ", all done" : "")}", ""));
        return exitCode == ExitCode.Success ? ExitCode.NotReported : exitCode;
    }

    private static IAnsiConsole Console(ReportWriter writer, bool redirected, TerminalLook look)
    {
        AnsiSupport ansi = look.Colours ? AnsiSupport.Yes : redirected ? AnsiSupport.No : AnsiSupport.Detect;
        ColorSystemSupport colours = look.Colours ? ColorSystemSupport.Standard : redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect;
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new ConsoleOutput(writer, !redirected),
            Ansi = ansi,
            ColorSystem = colours,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        console.Profile.Capabilities.Unicode = look.Unicode;
        if (look.Width is { } width)
            console.Profile.Width = width;
        console.Pipeline.Attach(new PrintableHook(look.Unicode));
        return console;
    }
}
