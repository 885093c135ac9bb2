namespace DmIoUring.SideBySide.Contests;

/// <summary>
/// What each option is worth: drivers with the default settings, and each of them with one option changed. A new option of
/// <c>dmio bench</c> is a line here.
/// </summary>
internal static class OptionVariants
{
    private const int Rounds = 3;
    private const string Load = " --rw randread --iodepth 128 --lat off";
    private const string Thread = Names.Lane + ", a thread submits";

    public static IReadOnlyList<Medium> DeepDevices { get; } = [Medium.LoopOnTmpfs, Medium.Zram];

    /// <summary>One request at a time: what shortens the way there and back.</summary>
    public static Contest Single { get; } = new(
        $"{Names.Options}/single", "What each option is worth: 4 KiB random reads, one at a time, loop over tmpfs", Medium.LoopOnTmpfs,
        Variants(
            Names.Await, "--driver lane --completion await --rw randread --iodepth 1",
            ("inline", "--completion inline"), ("batch wait 0", "--batch-wait 0"), ("asleep", "--wait sleep"), ("busy", "--wait busy"), ("processor 1", "--cpus 1"), ("sqpoll", "--sqpoll 100")))
    {
        MostRounds = Rounds,
    };

    public static Contest Deep(Medium medium) => new(
        Names.On(Names.Options, medium), $"What each option is worth: 4 KiB random reads, 128 under way, {Names.InWords(medium)}", medium,
        [
            .. Variants(
                Names.Reactor, "--driver reactor" + Load,
                ("batch 1", "--batch 1"), ("batch 8", "--batch 8"), ("fixed off", "--fixed off"), ("sqpoll", "--sqpoll 100"), ("ring worker", "--ring worker")),
            .. Variants(
                Names.Lane, "--driver lane" + Load,
                ("2 lanes", "--lanes 2"), ("batch wait 0", "--batch-wait 0"), ("fixed off", "--fixed off"), ("asleep", "--wait sleep"), ("busy", "--wait busy"), ("processor 1", "--cpus 1"),
                ("sqpoll", "--sqpoll 100"), ("ring worker", "--ring worker"), ("awaited inline", "--completion inline"), ("awaited", "--completion await")),
            .. Variants(Thread, "--driver lane --submit thread" + Load, ("batch 1", "--batch 1"), ("batch 8", "--batch 8")),
        ])
    {
        MostRounds = Rounds,
    };

    /// <summary>A driver as it is, and with each of the options; an option that is there already is replaced.</summary>
    private static IReadOnlyList<Contestant> Variants(string driver, string arguments, params IEnumerable<(string Name, string Option)> options) =>
    [
        Contestant.Dmio(driver, arguments),
        .. options.Select(option => Contestant.Dmio($"{driver}, {option.Name}", Changed(arguments, option.Option)) with { Against = driver }),
    ];

    private static string Changed(string arguments, string option)
    {
        List<string> words = [.. arguments.Split(' ')];
        int same = words.IndexOf(option.Split(' ')[0]);
        if (same >= 0)
            words.RemoveRange(same, 2);
        return $"{string.Join(' ', words)} {option}";
    }
}
