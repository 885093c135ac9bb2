namespace DmIoUring.SideBySide.Contests;

/// <summary>Contestants that run one after the other on the same device, each once a round.</summary>
/// <param name="Id">Its name in results.json: <c>deep/zram</c>.</param>
/// <param name="Title">Its heading in the report.</param>
/// <param name="On">The device.</param>
/// <param name="Contestants">Who takes part.</param>
internal sealed record Contest(string Id, string Title, Medium On, params IReadOnlyList<Contestant> Contestants)
{
    /// <summary>Whether another process keeps one processor busy meanwhile.</summary>
    public bool HasBackgroundLoad { get; init; }

    /// <summary>Rounds are not worth more than that here; the others go on.</summary>
    public int MostRounds { get; init; } = int.MaxValue;
}
