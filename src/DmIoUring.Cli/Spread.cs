namespace DmIoUring.Cli;

/// <summary>The middle of some figures, and how far they lie apart.</summary>
/// <param name="Median">Half of them are at most this.</param>
/// <param name="Min">The lowest.</param>
/// <param name="Max">The highest.</param>
internal readonly record struct Spread(double Median, double Min, double Max)
{
    /// <summary>Null of nothing.</summary>
    public static Spread? Of(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        if (sorted.Length == 0)
            return null;
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }

    /// <summary>The same in a larger unit.</summary>
    public Spread In(double unit) => new(Median / unit, Min / unit, Max / unit);

    /// <summary>Whether the figures of both may be of the same thing.</summary>
    public bool Overlaps(Spread other) => Min <= other.Max && other.Min <= Max;
}
