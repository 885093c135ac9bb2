namespace DmIoUring.SideBySide.Results;

/// <summary>The middle of some figures, and how far they lie apart.</summary>
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
}
