using DmIoUring.Cli.Stress;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>The command on sound devices, and on those that it breaks itself.</summary>
public sealed class StressTests : IDisposable
{
    private readonly CopyFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Stress_OnFilesOfItsOwn_IsClean_AndLeavesNothingBehind()
    {
        Dmio run = await Dmio.RunAsync("stress", "--files", "--time", "4", "--size", "16M", "--json");
        AssertClean(run);
        StressReport report = run.StressReport();
        Assert.Equal("as asked", report.WhyNoLoopDevices);
        Assert.All(report.Devices!, device => Assert.False(File.Exists(device.Path)));
    }

    [Fact]
    public async Task Stress_OnTwoLoopDevicesAndAFile_IsClean()
    {
        RequireLoop.Here();
        Dmio run = await Dmio.RunAsync("stress", "--time", "12", "--json");
        AssertClean(run);
        StressReport report = run.StressReport();
        Assert.Null(report.WhyNoLoopDevices);
        Assert.Equal([512, 4096], report.Devices!.Take(2).Select(device => device.LogicalBlockSize));
        Assert.False(report.Faults);
        Assert.Equal((0, 0), (report.Counts!.Faults, report.Counts.FailedAsExpected));
    }

    [Fact]
    public async Task Stress_WithFaults_IsClean_AndHasSeenThemFail()
    {
        RequireFault.Here();
        Dmio run = await Dmio.RunAsync("stress", "--faults", "--time", "12", "--size", "32M", "--json");
        AssertClean(run);
        StressReport report = run.StressReport();
        Assert.Equal(4, report.Devices!.Count);
        Assert.True(report.Faults);
        Assert.True(report.Counts!.Faults > 0);
        Assert.True(report.Counts.FailedAsExpected > 0);
    }

    [Fact]
    public async Task Stress_OnNamedDevices_UsesAllOfThem_AndKeepsToItsSize()
    {
        using LoopDevice small = RequireLoop.Create(2 << 20);
        using LoopDevice large = RequireLoop.Create(4 << 20, new LoopDeviceOptions { BlockSize = 4096 });
        string file = _files.MakeFilled("file", 3 << 20);
        string empty = _files.Make("empty", []);
        Dmio run = await Dmio.RunAsync(
            "stress", small.Path, large.Path, file, empty, "--destroy", "--time", "2", "--size", "2M", "--threads", "2", "--depth", "3", "--json");
        AssertClean(run);
        StressReport report = run.StressReport();
        Assert.All(report.Devices!, device => Assert.Equal((2 << 20, null), (device.Bytes, device.MadeAs)));
        Assert.Equal((2, 3), (report.Threads, report.Depth));
        Assert.Equal(2 << 20, new FileInfo(empty).Length);
        Assert.Equal(-1, File.ReadAllBytes(file).AsSpan(2 << 20).IndexOfAnyExcept((byte)0xEE));
        byte[] untouched = new byte[2 << 20];
        Assert.Equal(untouched.Length, RandomAccess.Read(large.BackingHandle, untouched, 2 << 20));
        Assert.Equal(-1, untouched.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task Stress_NamesTheCommandThatDrawsTheSameAgain()
    {
        Dmio run = await Dmio.RunAsync("stress", "--files", "--time", "0.5", "--size", "1M", "--seed", "42", "--threads", "1", "--depth", "2", "--json");
        StressReport report = run.StressReport();
        Assert.Equal("dmio stress --seed 42 --runtime 0.5s --numjobs 1 --iodepth 2 --size 1M --files", report.CommandLine);
        Assert.Equal(42UL, report.Seed);
    }

    [Fact]
    public async Task Stress_ForAPerson_SaysThatItWasClean()
    {
        Dmio run = await Dmio.RunAsync("stress", "--files", "--time", "0.5", "--size", "1M");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Plain files instead of loop devices", run.Output, StringComparison.Ordinal);
        Assert.Contains("Clean: every byte that was read was right", run.Output, StringComparison.Ordinal);
        Assert.Contains("The same operations again: dmio stress --seed ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stress_Interrupted_ReadsEverythingBack_AndEndsWith130()
    {
        using CancellationTokenSource interrupt = new();
        await interrupt.CancelAsync();
        Dmio run = await Dmio.RunCancellableAsync(["stress", "--files", "--time", "1h", "--size", "1M", "--json"], interrupt.Token);
        StressReport report = run.StressReport();
        Assert.Equal((130, StressOutcome.Interrupted), (run.ExitCode, report.Outcome));
        Assert.True(report.Counts!.VerifiedBytes >= 3 << 20);
    }

    private static void AssertClean(Dmio run)
    {
        StressReport report = run.StressReport();
        Assert.True(run.ExitCode == 0, run.Errors + run.Output);
        Assert.Equal((StressOutcome.Clean, null), (report.Outcome, report.Finding));
        StressCounts counts = report.Counts!;
        Assert.True(counts.Reads > 0 && counts.Writes > 0);
        Assert.True(counts.VerifiedBytes >= report.Devices!.Sum(device => device.Bytes));
        Assert.True(report.Statistics!.Requests >= counts.Reads);
        Assert.Equal(0, report.Statistics.CallbackExceptions);
    }
}
