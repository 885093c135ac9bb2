namespace DmIoUring.Telemetry;

/// <summary>Figures of a client or a reactor, or of several of one name.</summary>
internal sealed class DriverFigures
{
    private readonly long[] _values = new long[(int)DriverFigure.LongestDispatch + 1];

    public long this[DriverFigure figure] => _values[(int)figure];

    /// <summary>Adds to one; the longest dispatch is a maximum.</summary>
    public void Add(DriverFigure figure, long value)
    {
        ref long sum = ref _values[(int)figure];
        sum = figure == DriverFigure.LongestDispatch ? Math.Max(sum, value) : sum + value;
    }

    /// <summary>Adds another's that only grow.</summary>
    public void AddGrowing(DriverFigures other)
    {
        for (DriverFigure figure = 0; figure < DriverFigure.ActiveRequests; figure++)
            Add(figure, other[figure]);
    }
}
