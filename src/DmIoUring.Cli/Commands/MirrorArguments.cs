using System.CommandLine;
using System.CommandLine.Parsing;
using DmIoUring.Cli.Mirroring;

namespace DmIoUring.Cli.Commands;

/// <summary>What the subcommands of <c>dmio mirror</c> share.</summary>
internal sealed class MirrorArguments
{
    private readonly OutputOptions _output = new();

    public MirrorArguments(string legs)
    {
        Legs = new("LEG") { Description = legs, Arity = ArgumentArity.OneOrMore };
        Legs.Validators.Add(PathArgument.Check);
    }

    public Argument<string[]> Legs { get; }

    public Option<bool> NoResync { get; } = new("--no-resync") { Description = "leave the copying to dmio mirror resync" };

    public Option<bool> Force { get; } = new(Vocabulary.Force)
    {
        Description = "use what is mounted, swap space, under a loop device, claimed by another program, or a leg of another mirror",
    };

    public Option<long?> Throttle { get; } = ThrottleOption.Create("the most bytes a second that are copied (no limit)");

    /// <summary>Adds what stands last in the help, and the checks.</summary>
    public void Finish(Command command)
    {
        foreach (Option<string?> path in command.Options.OfType<Option<string?>>())
            path.Validators.Add(CheckPath);
        _output.AddTo(command);
    }

    public bool IsJson(ParseResult parsed) => _output.IsJson(parsed);

    public MirrorRequest Request(ParseResult parsed, MirrorAction action) => new()
    {
        Action = action,
        Legs = parsed.GetValue(Legs)!,
        Resync = action == MirrorAction.Resync || !parsed.GetValue(NoResync),
        Force = parsed.GetValue(Force),
        BytesPerSecond = parsed.GetValue(Throttle),
    };

    private static void CheckPath(OptionResult result)
    {
        if (result.Tokens is [{ Value.Length: 0 }])
            result.AddError($"{result.Option.Name} is an empty path. Is a variable unset?");
    }
}
