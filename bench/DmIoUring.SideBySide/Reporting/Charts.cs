using System.Globalization;
using DmIoUring.Cli;
using ScottPlot;

namespace DmIoUring.SideBySide.Reporting;

/// <summary>The kinds of charts that a report has.</summary>
internal static class Charts
{
    /// <summary>How much of the room of a group its bars take.</summary>
    private const double GroupWidth = 0.84;

    /// <summary>Ticks within a power of ten.</summary>
    private static readonly int[] Steps = [1, 2, 5];

    private static readonly Color GridColor = Color.FromHex("#dddddd");

    /// <summary>Groups of bars, one of each series; a value that was not measured leaves a gap.</summary>
    public static Plot Bars(string title, IReadOnlyList<(string Name, double?[] Values)> groups, IReadOnlyList<(string Name, string Colour)> series)
    {
        Plot plot = New(title);
        AddBars(plot, groups, series, static value => value);
        plot.Axes.Margins(bottom: 0, top: 0.1);
        return plot;
    }

    /// <summary>The same of medians, with the value over each bar and a line from the lowest to the highest.</summary>
    public static Plot BarsWithSpread(string title, IReadOnlyList<(string Name, Spread?[] Values)> groups, IReadOnlyList<(string Name, string Colour)> series)
    {
        Plot plot = Bars(title, [.. groups.Select(static group => (group.Name, group.Values.Select(static value => value?.Median).ToArray()))], series);
        plot.Axes.SetLimitsY(0, groups.SelectMany(static group => group.Values).OfType<Spread>().Max(static spread => spread.Max) * 1.12);
        for (int i = 0; i < groups.Count; i++)
        {
            for (int j = 0; j < series.Count; j++)
            {
                if (groups[i].Values[j] is not { } spread)
                    continue;
                double position = i + OffsetOf(j, series.Count);
                ScottPlot.Plottables.LinePlot line = plot.Add.Line(position, spread.Min, position, spread.Max);
                line.Color = Color.FromHex("#333333");
                line.MarkerSize = 0;
                ScottPlot.Plottables.Text text = plot.Add.Text(spread.Median.ToString("0", CultureInfo.InvariantCulture), position, spread.Max);
                text.LabelAlignment = Alignment.LowerCenter;
                text.LabelFontSize = 12;
            }
        }

        return plot;
    }

    /// <summary>The same on a logarithmic scale that begins at <paramref name="lowest"/>.</summary>
    public static Plot LogarithmicBars(
        string title, IReadOnlyList<(string Name, double?[] Values)> groups, IReadOnlyList<(string Name, string Colour)> series, double lowest)
    {
        Plot plot = New(title);
        AddBars(plot, groups, series, value => Math.Log10(Math.Max(value, lowest) / lowest));
        double highest = groups.SelectMany(static group => group.Values).OfType<double>().Max();
        double[] ticks = [.. Enumerable.Range(0, 20).SelectMany(static power => Steps.Select(digit => digit * Math.Pow(10, power)))
            .Where(tick => tick >= lowest && tick <= highest * 2)];
        plot.Axes.Left.SetTicks([.. ticks.Select(tick => Math.Log10(tick / lowest))], [.. ticks.Select(static tick => tick.ToString("0", CultureInfo.InvariantCulture))]);
        plot.Axes.Margins(bottom: 0, top: 0.1);
        return plot;
    }

    /// <summary>A line for each series over points whose distances are logarithmic.</summary>
    public static Plot Lines(string title, IReadOnlyList<(double Point, double?[] Values)> points, IReadOnlyList<(string Name, string Colour)> series)
    {
        Plot plot = New(title);
        for (int i = 0; i < series.Count; i++)
        {
            (double Point, double Value)[] known = [.. points.Where(point => point.Values[i] is not null).Select(point => (point.Point, point.Values[i]!.Value))];
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(
                known.Select(static one => Math.Log2(one.Point)).ToArray(), known.Select(static one => one.Value).ToArray(), Color.FromHex(series[i].Colour));
            line.LineWidth = 2;
            line.MarkerSize = 6;
            line.LegendText = series[i].Name;
        }

        plot.Axes.Bottom.SetTicks(
            [.. points.Select(static point => Math.Log2(point.Point))], [.. points.Select(static point => point.Point.ToString("0", CultureInfo.InvariantCulture))]);
        plot.Axes.Margins(0.03, 0.1);
        plot.Axes.SetLimitsY(0, points.SelectMany(static point => point.Values).OfType<double>().Max() * 1.1);
        return plot;
    }

    /// <summary>Leans the names of the groups, where they would not fit beside each other.</summary>
    public static Plot WithLeaningNames(this Plot plot, float height)
    {
        plot.Axes.Bottom.TickLabelStyle.Rotation = 25;
        plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleLeft;
        plot.Axes.Bottom.MinimumSize = height;
        plot.Axes.Right.MinimumSize = 140;
        return plot;
    }

    /// <summary>Marks a value.</summary>
    public static Plot WithMark(this Plot plot, double value)
    {
        plot.Add.HorizontalLine(value, 1, Color.FromHex("#333333"), LinePattern.Dashed);
        return plot;
    }

    private static Plot New(string title)
    {
        Plot plot = new();
        plot.Title(title);
        plot.HideGrid();
        plot.Grid.YAxisStyle.IsVisible = true;
        plot.Grid.YAxisStyle.MajorLineStyle.Color = GridColor;
        plot.Axes.Right.FrameLineStyle.IsVisible = false;
        plot.Axes.Top.FrameLineStyle.IsVisible = false;
        plot.ShowLegend(Edge.Top);
        plot.Legend.Orientation = Orientation.Horizontal;
        plot.Legend.OutlineWidth = 0;
        plot.Legend.ShadowColor = Colors.Transparent;
        return plot;
    }

    private static void AddBars(
        Plot plot, IReadOnlyList<(string Name, double?[] Values)> groups, IReadOnlyList<(string Name, string Colour)> series, Func<double, double> height)
    {
        for (int i = 0; i < series.Count; i++)
        {
            double offset = OffsetOf(i, series.Count);
            Bar[] bars = [.. groups.Select((group, index) => (Value: group.Values[i], Position: index + offset)).Where(static bar => bar.Value is not null).Select(bar => new Bar
            {
                Position = bar.Position,
                Value = height(bar.Value!.Value),
                FillColor = Color.FromHex(series[i].Colour),
                Size = GroupWidth / series.Count * 0.94,
                LineWidth = 0,
            })];
            plot.Add.Bars(bars).LegendText = series[i].Name;
        }

        plot.Axes.Bottom.SetTicks([.. Enumerable.Range(0, groups.Count).Select(static index => (double)index)], [.. groups.Select(static group => group.Name)]);
    }

    /// <summary>Where a series' bar is in its group, from the middle.</summary>
    private static double OffsetOf(int series, int count) => (series - ((count - 1) / 2.0)) * (GroupWidth / count);
}
