using System.Globalization;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Running;

/// <summary>Runs contests, round after round, in an order that changes.</summary>
internal sealed class Tournament(Toolset tools, Launch launch, int rounds, IReadOnlyList<Contest> contests, TestBed bed, TextWriter progress)
{
    /// <summary>Starting a program, and the trials, which have a duration of their own.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<Measurement> _measurements = [];

    private int Runs => contests.Sum(contest => contest.Contestants.Count * Math.Min(rounds, contest.MostRounds));

    /// <summary>Runs everything.</summary>
    /// <exception cref="ChildException">A contestant failed: then nothing is worth going on.</exception>
    /// <exception cref="IOException">A device can't be made.</exception>
    public async Task<Session> RunAsync(CancellationToken cancellation)
    {
        Machine machine = await Machine.DescribeAsync(tools.Root, cancellation);
        progress.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{Runs} runs, about {Runs * (launch.Runtime + launch.Ramp + TimeSpan.FromSeconds(0.4)).TotalMinutes:0} minutes"));
        for (int round = 0; round < rounds; round++)
        {
            foreach (Contest contest in contests.Where(contest => round < contest.MostRounds))
                await RunAsync(contest, round, cancellation);
        }

        return new Session
        {
            Machine = machine,
            Rounds = rounds,
            Seconds = launch.Runtime.TotalSeconds,
            RampSeconds = launch.Ramp.TotalSeconds,
            Commands = contests
                .SelectMany(static contest => contest.Contestants.Select(one => (new Entrant(contest.Id, one.Name), one)))
                .ToDictionary(static pair => pair.Item1.ToString(), pair => launch.Describe(pair.one), StringComparer.Ordinal),
            Measurements = _measurements,
        };
    }

    private async Task RunAsync(Contest contest, int round, CancellationToken cancellation)
    {
        foreach (Contestant contestant in RoundOrder.Of(contest.Contestants, round))
        {
            IReadOnlyList<string> arguments = launch.Arguments(contestant, bed.Filename(contestant.On ?? contest.On));
            TimeSpan limit = launch.Runtime + launch.Ramp + Patience;
            using BackgroundLoad? background = contest.HasBackgroundLoad ? BackgroundLoad.Start(limit) : null;
            IReadOnlyDictionary<string, double> values = await tools.RunAsync(contestant, arguments, limit, cancellation);
            background?.CheckStillRuns();
            Measurement measurement = new(round + 1, contest.Id, contestant.Name, contestant.Tool, values);
            _measurements.Add(measurement);
            string iops = values.TryGetValue(Metric.Iops, out double value) ? value.ToString("#,0 IOPS", CultureInfo.InvariantCulture) : "";
            progress.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{_measurements.Count,4} of {Runs}, round {round + 1}: {measurement.Entrant} {iops}"));
        }
    }
}
