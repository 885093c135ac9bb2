using DmIoUring.Cli;
using DmIoUring.Cli.Commands;
using DmIoUring.Cli.Demo;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

public sealed class DemoTests
{
    private static readonly DemoSize Small = new() { Pieces = 12, Rounds = 3, RoundTime = TimeSpan.FromSeconds(0.05) };

    [Fact]
    public async Task Demo_OnLoopDevices_FailsWhereItMust_AndNowhereElse()
    {
        RequireLoop.Here();
        DemoReport report = await DemoRun.RunAsync(Small, static _ => { }, TestContext.Current.CancellationToken);
        Assert.Null(report.WhyNoLoopDevices);
        AssertAsExpected(report, "ENOSPC");
    }

    [Fact]
    public async Task Demo_OnPlainFiles_FailsWhereItMust_AndNowhereElse()
    {
        DemoReport report = await DemoRun.RunAsync(Small with { PlainFiles = true }, static _ => { }, TestContext.Current.CancellationToken);
        AssertAsExpected(report, "EPERM");
    }

    [Theory]
    [InlineData(false, "Failed = 0b010")]
    [InlineData(true, "\"is_as_expected\": true")]
    public async Task Demo_ShowsWhatItSaw(bool json, string shown)
    {
        StringWriter output = new();
        Terminal terminal = Terminal.OfText(output, TextWriter.Null);
        int exitCode = await DemoCommand.RunAsync(
            Small with { PlainFiles = true }, json, terminal, TestContext.Current.CancellationToken);
        Assert.Equal(0, exitCode);
        Assert.Contains(shown, output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\e', output.ToString());
        if (json)
            DocumentSchema.Check(output.ToString());
    }

    /// <summary>First what it is for, then what it costs; no way to write without its range, none that is slower without the reason.</summary>
    [Fact]
    public async Task Demo_SaysWhatItIsFor_ThenWhatItCosts_AndWhyWhatIsSlowerIs()
    {
        StringWriter output = new();
        await DemoCommand.RunAsync(Small with { PlainFiles = true }, json: false, Terminal.OfText(output, TextWriter.Null), TestContext.Current.CancellationToken);
        string text = output.ToString();
        int[] places = [.. ((string[])["Failed = 0b010", "What still works", "What a 4 KiB write to all three costs", "allocated B"]).Select(part => text.IndexOf(part, StringComparison.Ordinal))];
        Assert.All(places, static place => Assert.True(place >= 0));
        Assert.Equal(places.Order(), places);
        Assert.Equal(2, text.Split("is the fastest").Length - 1);
        Assert.Equal(3, text.Split("is slower: ").Length - 1);
    }

    [Fact]
    public async Task Demo_Interrupted_EndsWith130()
    {
        using CancellationTokenSource interrupt = new();
        await interrupt.CancelAsync();
        StringWriter errors = new();
        Terminal terminal = Terminal.OfText(TextWriter.Null, errors);
        Assert.Equal(130, await DemoCommand.RunAsync(Small with { PlainFiles = true }, json: false, terminal, interrupt.Token));
        Assert.Contains("interrupted", errors.ToString(), StringComparison.Ordinal);
    }

    private static void AssertAsExpected(DemoReport report, string errno)
    {
        Assert.Equal("0b010", report.Failed!.Text);
        Assert.All(report.Legs, leg => Assert.True(leg.IsIntact));
        Assert.Equal(errno, report.Legs[1].Errno);
        Assert.Equal(report.ExpectedFirstBadSector, report.Legs[1].FirstBadSector);
        Assert.Equal(report.ExpectedFirstBadSector * IoRegion.SectorSize, report.Legs[1].VerifiedBytes);
        Assert.Equal(report.BytesPerLeg, report.Legs[0].VerifiedBytes);
        Assert.Equal(report.BytesPerLeg, report.Legs[2].VerifiedBytes);
        Assert.Equal(["0b000", "0b010"], report.Writes.Select(static one => one.Failed.Text), StringComparer.Ordinal);
        Assert.Equal(Small.Pieces, report.Writes.Sum(static one => one.Writes));
        foreach (ComparisonReport comparison in new[] { report.Latency, report.Throughput })
        {
            Assert.Equal(3, comparison.Rounds);
            Assert.Single(comparison.Methods, static method => method.WhySlower is null);
            Assert.All(comparison.Methods, static method => Assert.All(
                new[] { method.P50Ns, method.P99Ns, method.BytesPerSecond, method.CpuNsPerOp },
                static spread => Assert.True(spread.Min > 0 && spread.Min <= spread.Median && spread.Median <= spread.Max)));
        }
        Assert.True(report.IsAsExpected);
    }
}
