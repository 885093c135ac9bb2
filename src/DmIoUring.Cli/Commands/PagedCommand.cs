using System.CommandLine;

namespace DmIoUring.Cli.Commands;

/// <summary>A command whose help has more to say than its options.</summary>
/// <param name="name">What is typed.</param>
/// <param name="summary">A line for the list of commands.</param>
/// <param name="description">What it is for.</param>
internal sealed class PagedCommand(string name, string summary, string description) : Command(name, description)
{
    public string Summary { get; } = summary;

    /// <summary>Options that are seldom used: only <c>--help-all</c> shows them.</summary>
    public ISet<Option> More { get; } = new HashSet<Option>();
}
