using DmIoUring.SideBySide.Contests;

namespace DmIoUring.SideBySide.Targets;

/// <summary>What is asked for with --only: letters of targets, and the contests that only tables and plots need.</summary>
internal static class Selection
{
    /// <summary>Everything that can be asked for.</summary>
    public static IReadOnlyList<string> Known { get; } = [.. AllTargets.List.Select(static target => target.Letter), Names.Depth, Names.Options];

    /// <summary>The contests with those contestants that are needed; all of them when nothing was asked for.</summary>
    public static IReadOnlyList<Contest> Contests(IReadOnlyList<string> only)
    {
        if (only.Count == 0)
            return AllContests.List;
        HashSet<Entrant> needed =
        [
            .. AllTargets.List
                .Where(target => only.Contains(target.Letter, StringComparer.Ordinal))
                .SelectMany(static target => target.Figures)
                .SelectMany(static figure => figure.Needs),
        ];
        return
        [
            .. AllContests.List
                .Select(contest => only.Contains(contest.Id.Split('/')[0], StringComparer.Ordinal)
                    ? contest
                    : contest with { Contestants = [.. contest.Contestants.Where(one => needed.Contains(new Entrant(contest.Id, one.Name)))] })
                .Where(static contest => contest.Contestants.Count > 0),
        ];
    }
}
