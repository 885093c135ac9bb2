using System.CommandLine;
using DmIoUring.Cli.Bench;
using DmIoUring.Cli.Commands;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Targets;

namespace DmIoUring.CommandTests.SideBySide;

public sealed class ContestTests
{
    [Fact]
    public void EveryFigure_IsOfContestantsThatThereAre()
    {
        HashSet<Entrant> all = [.. AllContests.List.SelectMany(static contest => contest.Contestants.Select(one => new Entrant(contest.Id, one.Name)))];
        Assert.All(AllTargets.List.SelectMany(static target => target.Figures).SelectMany(static figure => figure.Needs), one => Assert.Contains(one, all));
    }

    /// <summary>A run of all takes long, and one that is refused ends it.</summary>
    [Fact]
    public void EverySettingOfDmioBench_IsAccepted() => Assert.All(
        AllContests.List.SelectMany(static contest => contest.Contestants).Where(static one => one.Tool == Tool.Dmio),
        static one =>
        {
            BenchOptions options = new();
            Command command = new("bench");
            foreach (Option option in options.All)
                command.Add(option);
            ParseResult parsed = command.Parse(["--filename", "/dev/somewhere", .. one.Arguments]);
            Assert.Empty(parsed.Errors);
            Assert.Empty(BenchRules.Check(options.Read(parsed)));
        });

    [Fact]
    public void ContestantsOfAContest_HaveDifferentNames() => Assert.All(
        AllContests.List, static contest => Assert.Distinct(contest.Contestants.Select(static one => one.Name), StringComparer.Ordinal));

    [Fact]
    public void Only_TakesTheContestantsThatItsTargetsNeed()
    {
        IReadOnlyList<Contest> contests = Selection.Contests(["a"]);
        Assert.Equal("deep/tmpfs deep/file deep/zram", string.Join(' ', contests.Select(static contest => contest.Id)));
        Assert.All(contests, static contest => Assert.Equal("reactor, bare ring", string.Join(", ", contest.Contestants.Select(static one => one.Name))));
    }

    [Fact]
    public void Only_TakesWhatOnlyAPlotNeeds() =>
        Assert.Equal(AllContests.Depths.Count, Selection.Contests([Names.Depth]).Count);

    [Fact]
    public void Order_OfTwo_GivesEachTheFirstPlaceAsOften() => Assert.Equal(
        "ab ba ba ab",
        string.Join(' ', Enumerable.Range(0, 4).Select(static round => string.Concat(RoundOrder.Of(["a", "b"], round)))));

    [Fact]
    public void Order_OfThree_PutsEachOnEveryPlace_InSixRounds()
    {
        string[] orders = [.. Enumerable.Range(0, 6).Select(static round => string.Concat(RoundOrder.Of(["a", "b", "c"], round)))];
        Assert.All(Enumerable.Range(0, 3), place => Assert.Equal(3, orders.Select(order => order[place]).Distinct().Count()));
    }
}
