using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace DmIoUring.Cli;

/// <summary>Where a command writes: results to one console, refusals and progress to the other.</summary>
/// <param name="output">The one.</param>
/// <param name="errors">The other.</param>
/// <param name="program">Who says it.</param>
internal sealed class Terminal(IAnsiConsole output, IAnsiConsole errors, string program = "dmio")
{
    private const int WidthOfAFile = 100;

    public string Program { get; } = program;

    public IAnsiConsole Output { get; } = output;

    public IAnsiConsole Errors { get; } = errors;

    /// <summary>Whether a person looks at <see cref="Errors"/>, so that a moving bar makes sense.</summary>
    public bool ShowsProgress => Errors.Profile.Capabilities.Interactive && Errors.Profile.Capabilities.Ansi;

    public static Terminal OfProcess(string program = "dmio") => new(
        Console(System.Console.Out, System.Console.IsOutputRedirected),
        Console(System.Console.Error, System.Console.IsErrorRedirected),
        program);

    /// <summary>A console for a person, or one without colours and movement for a file.</summary>
    public static IAnsiConsole Console(TextWriter writer, bool redirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (redirected)
            console.Profile.Width = WidthOfAFile;
        return console;
    }

    public void WriteJson<T>(T document, JsonTypeInfo<T> type) =>
        Output.Profile.Out.Writer.WriteLine(JsonSerializer.Serialize(document, type));

    /// <summary>One refusal: what is wrong in red where there is colour, and what to do.</summary>
    public void WriteRefusal(Refusal refusal)
    {
        // Not through the console's layout: a message cut into lines can't be searched for.
        TextWriter writer = Errors.Profile.Out.Writer;
        bool ansi = Errors.Profile.Capabilities.Ansi;
        writer.Write(ansi ? $"\e[1;31m{Program}:\e[0m " : Program + ": ");
        writer.Write(refusal.Path.Length == 0 ? "" : refusal.Path + ": ");
        writer.WriteLine(refusal.Reason);
        if (refusal.Advice.Length > 0)
            writer.WriteLine("      " + refusal.Advice);
    }

    /// <summary>Something that a person may want to know and that stops nothing.</summary>
    public void WriteNote(string note) => Errors.Profile.Out.Writer.WriteLine($"{Program}: note: {note}");
}
