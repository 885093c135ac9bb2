using System.Diagnostics;
using System.Globalization;
using DmIoUring.Cli;
using DmIoUring.Cli.Mirroring;
using DmIoUring.CommandTests.Cli;

namespace DmIoUring.CommandTests.Mirror;

/// <summary>A resync that is ended before its end.</summary>
public sealed class MirrorInterruptTests : IDisposable
{
    private readonly MirrorFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Interrupted_Ends_AndLeavesTheLegOutOfSync()
    {
        await _files.CreateAsync(options: "--no-resync");
        Dmio run = await RunUntilAtWorkAsync("resync a b --throttle 256K --json");
        Assert.Equal(130, run.ExitCode);
        MirrorReport report = run.Document(ReportJson.Default.MirrorReport);
        Assert.Equal((CommandOutcome.Interrupted, MirrorHealth.Degraded), (report.Outcome, report.State));
        Assert.InRange(report.Resync!.CopiedRegions, 0, 47);
        MirrorReport status = await _files.ReportAsync(1, "status a b");
        Assert.True(status.Legs![1].NeedsFullResync);
        Assert.Equal(MirrorHealth.InSync, (await _files.ReportAsync(0, "resync a b")).State);
        _files.AssertSameData("a", "b");
    }

    [Fact]
    public async Task InterruptedCreate_HasMadeTheMirror()
    {
        Dmio run = await RunUntilAtWorkAsync("create a b --size 3M --region-size 64K --throttle 256K");
        Assert.Equal(130, run.ExitCode);
        Assert.Contains("interrupted: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("dmio mirror resync", run.Output, StringComparison.Ordinal);
        Assert.Equal(MirrorHealth.InSync, (await _files.ReportAsync(0, "resync a b")).State);
        _files.AssertSameData("a", "b");
    }

    /// <summary>A signal to the process, as Ctrl-C is one.</summary>
    [Theory]
    [InlineData("-TERM", 130)]
    [InlineData("-KILL", 137)]
    public async Task SignalInTheMiddle_LeavesAMirror_ThatIsResynchronized(string signal, int exitCode)
    {
        await _files.CreateAsync(options: "--no-resync");
        DateTime before = Written();
        using Process resync = BuiltCommand.StartIn(_files.Folder, ["mirror", .. _files.Words("resync a b --throttle 512K")]);
        try
        {
            Assert.True(SpinWait.SpinUntil(() => resync.HasExited || HasChanged(before), TimeSpan.FromSeconds(60)));
            Assert.False(resync.HasExited, "it ended before it could be ended");

            // Looking is allowed meanwhile.
            Assert.Equal(MirrorHealth.Degraded, (await _files.ReportAsync(1, "status a b")).State);
            using Process kill = Process.Start("kill", [signal, resync.Id.ToString(CultureInfo.InvariantCulture)]);
            Assert.True(resync.WaitForExit(TimeSpan.FromSeconds(60)));
        }
        finally
        {
            resync.Kill();
        }

        Assert.Equal(exitCode, resync.ExitCode);
        MirrorReport status = await _files.ReportAsync(1, "status a b");
        Assert.Equal((MirrorLegCondition.InSync, MirrorLegCondition.OutOfSync), (status.Legs![0].State, status.Legs[1].State));
        Assert.True(status.Legs[1].NeedsFullResync);
        Assert.Equal(MirrorHealth.InSync, (await _files.ReportAsync(0, "resync a b")).State);
        _files.AssertSameData("a", "b");
    }

    /// <summary>Runs the command, and interrupts it when the leg b was written to.</summary>
    private async Task<Dmio> RunUntilAtWorkAsync(string words)
    {
        DateTime before = Written();
        using CancellationTokenSource cancellation = new();
        Task<Dmio> run = Task.Run(() => Dmio.RunCancellableAsync(["mirror", .. _files.Words(words)], cancellation.Token), TestContext.Current.CancellationToken);
        while (!run.IsCompleted && !HasChanged(before))
            await Task.Delay(10, TestContext.Current.CancellationToken);
        await cancellation.CancelAsync();
        return await run;
    }

    /// <summary>Not by what is in it: .NET locks what it reads, and the command would take that for another program's lock.</summary>
    private bool HasChanged(DateTime before) => Written() != before;

    private DateTime Written() => File.GetLastWriteTimeUtc(_files.PathOf("b"));
}
