namespace DmIoUring.Benchmarks.EngineCost;

/// <summary>Figures of one kind, round by round.</summary>
internal sealed class Samples
{
    private readonly List<double> _values = [];

    public double Median
    {
        get
        {
            double[] sorted = [.. _values.Order()];
            return Math.Round((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, 2);
        }
    }

    /// <summary>Adds a figure; not one of a round before the first.</summary>
    public void Add(int round, double value)
    {
        if (round >= 0)
            _values.Add(value);
    }
}
