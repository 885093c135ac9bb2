using DmIoUring.Cli;
using DmIoUring.SideBySide.Contests;

namespace DmIoUring.SideBySide.Results;

/// <summary>A session's measurements, to be asked.</summary>
internal sealed class ResultSet(IEnumerable<Measurement> measurements)
{
    private readonly ILookup<Entrant, Measurement> _byEntrant = measurements.ToLookup(static one => one.Entrant);

    public IEnumerable<Measurement> All => _byEntrant.SelectMany(static one => one);

    public IEnumerable<Measurement> Of(Entrant entrant) => _byEntrant[entrant];

    /// <summary>One value of each round that has it.</summary>
    public IEnumerable<double> Values(Entrant entrant, string metric) =>
        _byEntrant[entrant].Where(one => one.Values.ContainsKey(metric)).Select(one => one.Values[metric]);

    /// <summary>The spread of a metric over the rounds; null when nobody measured it.</summary>
    public Spread? SpreadOf(Entrant entrant, string metric) => Spread.Of(Values(entrant, metric));

    /// <summary>Of each round the ratio: what is the same for both in a round, as a busy neighbour, is not in it.</summary>
    public IEnumerable<double> Ratios(Entrant ours, Entrant other, string metric) =>
        from one in _byEntrant[ours]
        join two in _byEntrant[other] on one.Round equals two.Round
        where one.Values.ContainsKey(metric) && two.Values.GetValueOrDefault(metric) > 0
        select one.Values[metric] / two.Values[metric];
}
