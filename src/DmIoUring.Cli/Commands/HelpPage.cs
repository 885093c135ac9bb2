using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text;

namespace DmIoUring.Cli.Commands;

/// <summary>
/// The page of help of a command: what it is for, how it is called, a line or two for each argument and option. It fits a window of 80 by 24;
/// what a command has beyond that (<see cref="PagedCommand"/>) is shown by <c>--help-all</c>.
/// </summary>
/// <param name="program">What the command is called by.</param>
/// <param name="showsAll">Whether the options that are seldom used are shown too.</param>
internal sealed class HelpPage(string program, bool showsAll) : SynchronousCommandLineAction
{
    public const int Width = 80;
    public const int Height = 24;
    private const string HelpAll = "--help-all";

    /// <summary>Gives a command, and those below it, these pages instead of the parser's own.</summary>
    public static void AddTo(Command root, string program)
    {
        foreach (Option option in root.Options.Where(static option => option.Action is System.CommandLine.Help.HelpAction))
        {
            option.Action = new HelpPage(program, showsAll: false);
            option.Description = "show this";

            // Windows has them; here they are paths.
            option.Aliases.Remove("/?");
            option.Aliases.Remove("/h");
        }

        foreach (Option option in root.Options.OfType<VersionOption>())
            option.Description = "show the version";
        AddAllTo(root, program);
    }

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.Write(Text(parseResult.CommandResult.Command));
        return ExitCode.Success;
    }

    public string Text(Command command)
    {
        StringBuilder page = new();
        Wrap(page, command.Description ?? "", indent: 0);
        Wrap(page, $"\nUsage: {Usage(command)}\n", indent: 0);
        List<(string Label, string Text)> rows =
        [
            .. command.Subcommands.Where(static one => !one.Hidden).Select(static one => (one.Name, (one as PagedCommand)?.Summary ?? one.Description ?? "")),
            .. command.Arguments.Select(static argument => (argument.Name, argument.Description ?? "")),
            .. OptionsOf(command).Select(static option => (Label(option), option.Description ?? "")),
        ];
        int column = rows.Max(static row => row.Label.Length) + 4;
        foreach ((string label, string text) in rows)
        {
            page.Append("  ").Append(label.PadRight(column - 2));
            Wrap(page, text, column);
        }

        if (!showsAll && command is PagedCommand { More.Count: > 0 } paged)
            Wrap(page, $"\n{Quantity.Count(paged.More.Count, "more option")}: {NameOf(command)} {HelpAll}", indent: 0);
        return page.ToString();
    }

    /// <summary>What is typed to call it.</summary>
    public string NameOf(Command command)
    {
        string name = command is RootCommand ? program : command.Name;
        return command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{NameOf(parent)} {name}" : name;
    }

    private static void AddAllTo(Command command, string program)
    {
        if (command is PagedCommand { More.Count: > 0 })
            command.Add(new Option<bool>(HelpAll) { Description = "show every option", Action = new HelpPage(program, showsAll: true), Hidden = true });
        foreach (Command below in command.Subcommands)
            AddAllTo(below, program);
    }

    private IEnumerable<Option> OptionsOf(Command command)
    {
        IEnumerable<Option> own = command.Options.Where(static option => !option.Hidden && option.Action is null);
        if (!showsAll && command is PagedCommand paged)
            own = own.Except(paged.More);
        return command is RootCommand ? own.Concat(command.Options.Where(static option => option.Action is not null && !option.Hidden)) : own;
    }

    private static string Label(Option option) => option.HelpName is { } value ? $"{option.Name} {value}" : option.Name;

    private string Usage(Command command)
    {
        if (command.Subcommands.Count > 0)
            return $"{NameOf(command)} COMMAND ...";
        IEnumerable<string> words =
        [
            .. command.Arguments.Select(static argument => (argument.Arity.MinimumNumberOfValues, argument.Arity.MaximumNumberOfValues) switch
            {
                (0, 1) => $"[{argument.Name}]",
                (0, _) => $"[{argument.Name}...]",
                (_, 1) => argument.Name,
                _ => argument.Name + "...",
            }),
            .. command.Options.Where(static option => option.Required).Select(Label),
            "[OPTIONS]",
        ];
        return $"{NameOf(command)} {string.Join(' ', words)}";
    }

    /// <summary>Writes the text from where the line is, in lines that end before the window does.</summary>
    private static void Wrap(StringBuilder page, string text, int indent)
    {
        foreach ((int number, string paragraph) in text.Split('\n').Index())
        {
            if (number > 0)
                page.Append(' ', paragraph.Length > 0 ? indent : 0);
            int at = indent;
            foreach (string word in paragraph.Split(' '))
            {
                if (at > indent && at + 1 + word.Length > Width)
                {
                    page.Append('\n').Append(' ', indent);
                    at = indent;
                }
                else if (at > indent)
                {
                    page.Append(' ');
                    at++;
                }

                page.Append(word);
                at += word.Length;
            }

            page.Append('\n');
        }
    }
}
