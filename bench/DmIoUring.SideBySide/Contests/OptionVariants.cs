namespace DmIoUring.SideBySide.Contests;

/// <summary>
/// What each option is worth: two drivers with the default settings, and each of them with one option changed. A new option of
/// <c>dmio bench</c> is a line here.
/// </summary>
internal static class OptionVariants
{
    private const int Rounds = 3;
    private const string Load = " --rw randread --iodepth 128 --lat off";
    private const string ReactorDefault = "--driver reactor" + Load;
    private const string LaneDefault = "--driver lane" + Load;
    private const string ThreadDefault = "--driver lane --submit thread" + Load;

    public static Contest On(Medium medium) => new(
        Names.On(Names.Options, medium), $"What each option is worth: 4 KiB random reads, 128 under way, {Names.InWords(medium)}", medium, Variants)
    {
        MostRounds = Rounds,
    };

    private static IReadOnlyList<Contestant> Variants { get; } =
    [
        Contestant.Dmio(Names.Reactor, ReactorDefault),
        Reactor("batch 1", "--batch 1"),
        Reactor("batch 8", "--batch 8"),
        Reactor("fixed off", "--fixed off"),
        Reactor("ring worker", "--ring worker"),

        Contestant.Dmio(Names.Lane, LaneDefault),
        Lane("fixed off", "--fixed off"),
        Lane("2 lanes", "--lanes 2"),
        Lane("ring worker", "--ring worker"),
        Lane("awaited inline", "--completion inline"),
        Lane("awaited", "--completion await"),

        Contestant.Dmio(Names.Lane + ", a thread submits", ThreadDefault),
        Thread("batch 1", "--batch 1"),
        Thread("batch 8", "--batch 8"),
    ];

    private static Contestant Reactor(string name, string option) => Variant(Names.Reactor, ReactorDefault, name, option);

    private static Contestant Lane(string name, string option) => Variant(Names.Lane, LaneDefault, name, option);

    private static Contestant Thread(string name, string option) => Variant(Names.Lane + ", a thread submits", ThreadDefault, name, option);

    private static Contestant Variant(string of, string arguments, string name, string option) =>
        Contestant.Dmio($"{of}, {name}", $"{arguments} {option}") with { Against = of };
}
