using DmIoUring.ScratchDevices;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Reporting;
using DmIoUring.SideBySide.Results;
using ScottPlot.Plottables;

namespace DmIoUring.CommandTests.SideBySide;

public sealed class ResultsReportTests
{
    private static readonly Session Session = CannedSession.Of(
    [
        .. CannedSession.Series(new Entrant("deep/zram", Names.Reactor), Metric.Iops, 990, 980, 1010),
        .. CannedSession.Series(new Entrant("deep/zram", Names.Bare), Tool.Peers, Metric.Iops, 1000, 1000, 1000),
        .. CannedSession.Series(new Entrant("deep/zram", Names.Lane), Metric.Iops, 500, 490, 505),
    ]);

    [Fact]
    public void Targets_AreRows_WithMedianSpreadAndVerdict()
    {
        string report = Report(explain: static _ => null);
        Assert.Contains("| zram | >= 0.980x | 0.990x | 0.980x to 1.010x | met |", report, StringComparison.Ordinal);
        Assert.Contains("| zram | >= 0.970x | 0.500x | 0.500x to 0.505x | **missed** |", report, StringComparison.Ordinal);
        Assert.Contains("not measured", report, StringComparison.Ordinal);
        Assert.Contains("1 of 2 targets are met.", report, StringComparison.Ordinal);
        Assert.Contains("A processor, 2 cores; Linux 6.18", report, StringComparison.Ordinal);
        Assert.Contains("| reactor | 990 | 980 to 1,010 |", report, StringComparison.Ordinal);
    }

    [Fact]
    public void AnExplanation_StandsUnderItsTarget()
    {
        string report = Report(static letter => letter is "c" ? "The neighbour was loud.\n" : null);
        Assert.Contains("### c: Lane, callbacks that resubmit, against the reactor: IOPS\n\nThe neighbour was loud.\n\n", report, StringComparison.Ordinal);
        Assert.DoesNotContain("### a:", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Session_WrittenAndReadAgain_IsTheSame()
    {
        string path = Path.GetTempFileName();
        try
        {
            SessionFile.Write(path, Session);
            Session again = SessionFile.Read(path);
            Assert.Equal(SessionFile.ToText(Session), SessionFile.ToText(again));
            Assert.Equal(Session.Measurements.Count, File.ReadLines(path).Count(static line => line.Contains("\"round\":", StringComparison.Ordinal)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Plots_AreThoseWithFigures_AndWhatIsMissingHasNoBar()
    {
        Picture plot = Assert.Single(new Plots(new ResultSet(Session.Measurements)).All);
        Assert.Equal("headline.png", plot.FileName);
        BarPlot[] series = [.. plot.Plot.GetPlottables<BarPlot>()];
        Assert.Contains("bare ring", series.Select(static one => one.LegendText), StringComparer.Ordinal);
        int zram = Names.Devices.ToList().IndexOf(Medium.Zram);
        Assert.Equal([0.99, 0.5, 1], series.SelectMany(static one => one.Bars).Where(bar => Math.Round(bar.Position) == zram).Select(static bar => Math.Round(bar.Value, 3)));
    }

    [Fact]
    public void APicture_IsDrawn()
    {
        using ScratchFolder folder = ScratchFolder.Create();
        Picture picture = Assert.Single(new Plots(new ResultSet(Session.Measurements)).All);
        if (string.IsNullOrWhiteSpace(ScottPlot.Fonts.Default))
        {
            Assert.Contains("no font", Assert.Throws<InvalidOperationException>(() => picture.Draw(folder.Path)).Message, StringComparison.Ordinal);
            return;
        }

        picture.Draw(folder.Path);
        byte[] drawn = File.ReadAllBytes(folder.PathOf("headline.png"));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], drawn[..4]);
    }

    private static string Report(Func<string, string?> explain) =>
        new Report(Session, explain).ToMarkdown(new Plots(new ResultSet(Session.Measurements)).All);
}
