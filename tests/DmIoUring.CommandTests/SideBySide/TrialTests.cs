using DmIoUring.Cli;
using DmIoUring.ScratchDevices;
using DmIoUring.SideBySide;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;
using DmIoUring.SideBySide.Running;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.SideBySide;

/// <summary>The benchmark program's trials and a whole run, as short as they can be: they work. Their figures are no good here.</summary>
public sealed class TrialTests
{
    /// <summary>A hang guard, not a measure: each takes a second or two, and minutes on a machine that is busy with others.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task EngineCost_OfOneRound_HasEveryFigure()
    {
        if (ZramDevice.WhyUnavailable() is { } reason)
            Assert.Skip(reason);
        IReadOnlyDictionary<string, double> values = await RunAsync(Names.EngineCost, "--rounds", "1");
        Assert.All([Metric.EngineCost, "ns_per_request", "bare_ns"], name => Assert.Contains(name, values));
        Assert.All([1, 2, 4, 8, 16, 32, 64], regions => Assert.InRange(values[FormattableString.Invariant($"{Metric.PerRegion}{regions}")], 1, 1e6));
        foreach (int depth in (int[])[32, 64, 128, 256, 512, 1024, 2048, 4096])
        {
            Assert.InRange(values[FormattableString.Invariant($"{Metric.PerDepth}{depth}")], 1, 1e6);
            Assert.InRange(values[FormattableString.Invariant($"depths_bare_ns.{depth}")], 0.1, 1e6);
        }

        Assert.All(["Pointer", "Owned", "Array", "Pages"], kind => Assert.InRange(values[$"memory.\"{kind}\""], 1, 1e6));
        Assert.Equal(1, values["rounds"]);
    }

    [Fact]
    public async Task FuaFlushes_CountsThoseOfEachDriver()
    {
        RequireFault.Here();
        IReadOnlyDictionary<string, double> values = await RunAsync(Names.FuaFlushes);
        double[] drivers = [values["flushes_sync"], values["flushes_lane"], values["flushes_reactor"]];
        Assert.Equal(drivers.Max(), values[Metric.Flushes]);
        Assert.InRange(drivers.Min(), 1, 8);
    }

    [Theory]
    [InlineData(0, "--rounds", "1")]
    [InlineData(1, "--checksums", "--rounds", "1")]
    [InlineData(1, "--rounds", "1", "--checksums")]
    public async Task MirrorCost_OfOneRound_Works(int checksums, params string[] options)
    {
        RequireLoop.Here();
        IReadOnlyDictionary<string, double> values = await RunAsync(["mirror-cost", .. options]);
        Assert.Equal((1, checksums), (values["rounds"], values["checksums"]));
        Assert.All(
            ["write 1", "write 1 awaited", "write 32 awaited", "read 1", "read 1 awaited", "read 32 awaited"],
            request => Assert.InRange(values[$"rows_ratio.\"{request}\""], 0.01, 1e3));
    }

    [Theory]
    [InlineData("--round", "1")]
    [InlineData("--rounds")]
    [InlineData("--rounds", "0")]
    [InlineData("--rounds", "-1")]
    [InlineData("--checksums", "yes")]
    [InlineData("--checksums", "--rounds", "1", "--filter", "*")]
    public async Task MirrorCost_OfWhatItDoesNotKnow_IsAUsageError(params string[] options)
    {
        ChildException failure = await Assert.ThrowsAsync<ChildException>(() => RunAsync(["mirror-cost", .. options]));
        Assert.Contains("Usage: mirror-cost [--checksums] [--rounds N]", failure.Message, StringComparison.Ordinal);
        Assert.Contains("ended with 2", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SideBySide_OfOneTarget_WritesItsReport()
    {
        RequireLoop.Here();
        Require.That(ChildProcess.Run("fio", ["--version"]) is null ? "there is no fio here" : null);
        string folder = Directory.CreateTempSubdirectory("dmio-side-by-side").FullName;
        try
        {
            StringWriter output = new();
            StringWriter errors = new();
            Terminal terminal = Terminal.OfText(output, errors, SideBySideCommand.Program);
            int exitCode = await SideBySideCommand.RunAsync(
                ["--only", "m", "--rounds", "1", "--seconds", "0.1", "--ramp", "0", "--output", folder], terminal, TestContext.Current.CancellationToken);
            Assert.True(exitCode == 0, output.ToString() + errors);
            string report = await File.ReadAllTextAsync(Path.Combine(folder, "RESULTS.md"), TestContext.Current.CancellationToken);
            Assert.Contains("1 round,", report, StringComparison.Ordinal);
            Assert.Contains("targets are met.", report, StringComparison.Ordinal);
            Assert.Contains("| 4 jobs |", report, StringComparison.Ordinal);
            Assert.True(File.Exists(Path.Combine(folder, "results.json")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void WithoutADeviceWithFua_WhatNeedsOneIsLeftOut()
    {
        RequireLoop.Here();
        using LoopDevice device = RequireLoop.Create(1 << 20);
        using TestBed without = new(fuaDevice: null);
        Assert.NotNull(without.WhyNotOffered(Medium.Fua));
        Assert.Null(without.WhyNotOffered(Medium.LoopOnFile));
        using TestBed with = new(device.Path);
        Assert.Null(with.WhyNotOffered(Medium.Fua));
        Assert.Contains("FUA", Assert.Throws<IOException>(() => with.Filename(Medium.Fua)).Message, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyDictionary<string, double>> RunAsync(params string[] trial) =>
        await Toolset.Find().RunAsync(new Contestant(trial[0], Tool.Trial, trial), trial, Limit, TestContext.Current.CancellationToken);
}
