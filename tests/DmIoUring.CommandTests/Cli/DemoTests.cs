using DmIoUring.Cli;
using DmIoUring.Cli.Commands;
using DmIoUring.Cli.Demo;
using DmIoUring.Testing;

namespace DmIoUring.CommandTests.Cli;

public sealed class DemoTests
{
    private static readonly DemoSize Small = new() { Pieces = 12, Rounds = 3, LatencyWrites = 20, ThroughputPieces = 4 };

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
    [InlineData(true, "\"isAsExpected\": true")]
    public async Task Demo_ShowsWhatItSaw(bool json, string shown)
    {
        StringWriter output = new();
        Terminal terminal = Terminal.OfText(output, TextWriter.Null);
        int exitCode = await DemoCommand.RunAsync(
            Small with { PlainFiles = true }, json, terminal, TestContext.Current.CancellationToken);
        Assert.Equal(0, exitCode);
        Assert.Contains(shown, output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\e', output.ToString());
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
        Assert.Equal("0b010", report.Failed);
        Assert.All(report.Legs, leg => Assert.True(leg.IsIntact));
        Assert.Equal(errno, report.Legs[1].Errno);
        Assert.Equal(report.ExpectedFirstBadSector, report.Legs[1].FirstBadSector);
        Assert.Equal(report.ExpectedFirstBadSector * IoRegion.SectorSize, report.Legs[1].VerifiedBytes);
        Assert.Equal(report.BytesPerLeg, report.Legs[0].VerifiedBytes);
        Assert.Equal(report.BytesPerLeg, report.Legs[2].VerifiedBytes);
        Assert.All(report.Latency, method => Assert.True(method.P50Microseconds > 0 && method.P50Microseconds <= method.P99Microseconds));
        Assert.All(report.Throughput, method => Assert.True(method.BytesPerSecond > 0));
        Assert.True(report.IsAsExpected);
    }
}
