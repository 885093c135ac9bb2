using System.Globalization;

namespace DmIoUring.SideBySide.Contests;

/// <summary>The default way to wait against always sleeping, where waiting awake may cost more than it gives.</summary>
internal static class Waits
{
    private const int Rounds = 3;

    private static readonly (string Driver, string Arguments, int Depth)[] Loads =
    [
        (Names.Sync, "--driver sync", 1),
        (Names.Lane, "--driver lane", 1),
        (Names.Reactor, "--driver reactor", 1),
        (Names.Lane, "--driver lane", 32),
        (Names.Reactor, "--driver reactor --batch 8", 32),
    ];

    /// <summary>What is compared: each by its name, and by the same name with <see cref="Names.Asleep"/>.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Loads.Select(static load => NameOf(load.Driver, load.Depth))];

    public static Contest Of(Medium medium, bool hasBackgroundLoad)
    {
        string condition = hasBackgroundLoad ? ", while another process keeps one processor busy" : "";
        return new Contest(
            Names.On(Names.Waits, medium), $"Waiting awake where it pays, or always asleep: 4 KiB random reads, {Names.InWords(medium)}{condition}", medium,
            [.. Loads.SelectMany(static load => Both(load.Driver, load.Arguments, load.Depth))])
        {
            MostRounds = Rounds,
            HasBackgroundLoad = hasBackgroundLoad,
        };
    }

    private static IEnumerable<Contestant> Both(string driver, string arguments, int depth)
    {
        string name = NameOf(driver, depth);
        string all = string.Create(CultureInfo.InvariantCulture, $"{arguments} --rw randread --iodepth {depth} --lat off");
        yield return Contestant.Dmio(name, all);
        yield return Contestant.Dmio(name + Names.Asleep, all + " --wait sleep") with { Against = name };
    }

    private static string NameOf(string driver, int depth) => string.Create(CultureInfo.InvariantCulture, $"{driver}, {depth} under way");
}
