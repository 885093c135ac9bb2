using System.Runtime.CompilerServices;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Samples;

/// <summary>The programs of samples/, run as somebody does who tries them.</summary>
public sealed class SampleTests
{
    [Fact]
    public void Mirror_GoesOnWithoutTheLegThatEnds()
    {
        using LoopDevice whole = RequireLoop.Create(1 << 20);
        using LoopDevice small = RequireLoop.Create(256 << 10);
        using LoopDevice other = RequireLoop.Create(1 << 20);
        ChildProcess run = Run("Mirror", "mirror", whole.Path, small.Path, other.Path);
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Contains($"degraded at block 64: {small.Path}", run.Output, StringComparison.Ordinal);
        Assert.Contains("256 blocks on 2 of 3 legs, flushed: ok", run.Output, StringComparison.Ordinal);
        byte[][] legs = [.. new[] { whole, other }.Select(static leg =>
        {
            byte[] content = new byte[1 << 20];
            RandomAccess.Read(leg.BackingHandle, content, 0);
            return content;
        })];
        Assert.Equal(legs[0], legs[1]);
        Assert.All(Enumerable.Range(0, 256), number => Assert.Equal((byte)number, legs[0][number * 4096]));
    }

    [Fact]
    public void WriteAheadLog_HasEveryRecordThatItAcknowledged_AndWritersShareFlushes()
    {
        using ScratchFolder folder = ScratchFolder.Create();
        ChildProcess run = Run("WriteAheadLog", "write-ahead-log", folder.PathOf("log"), "16", "20");
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Contains("320 records by 16 writers, 0 not acknowledged", run.Output, StringComparison.Ordinal);
        Assert.Contains("0 records are missing", run.Output, StringComparison.Ordinal);
        Assert.Equal(320 * 4096, new FileInfo(folder.PathOf("log")).Length);
    }

    [Fact]
    public void PowerLoss_FindsEveryAcknowledgedRecord_AtEveryRequest()
    {
        ChildProcess run = Run("PowerLoss", "power-loss", "12");
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Matches("^[1-9][0-9]{2,} trials of 12 seeds: [1-9][0-9]* records were acknowledged and are there, [1-9][0-9]* sectors were lost\n$", run.Output);
    }

    [Fact]
    public void PageCache_ServesEveryLookup_SomeFromMemory()
    {
        using LoopDevice device = RequireLoop.Create(32 << 20);
        ChildProcess run = Run("PageCache", "page-cache", device.Path, "20000");
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Matches("20000 of 20000 lookups served, [1-9][0-9]* from memory, [1-9][0-9]* reads, 0 failed", run.Output);
    }

    [Fact]
    public void HostWithMetrics_IsHealthy_AndItsFiguresAreRight()
    {
        using ScratchFolder folder = ScratchFolder.Create();
        ChildProcess run = Run("HostWithMetrics", "host-with-metrics", folder.PathOf("file"), "--DmIoUring:Lanes=2");
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Contains("health: Healthy", run.Output, StringComparison.Ordinal);
        Assert.Matches("dmio\\.disk\\.io .*write.* = 1048576", run.Output);
        Assert.Matches("dmio\\.disk\\.operations .*write.* = 256", run.Output);
    }

    [Fact]
    public void FasterLog_FindsItsRecordsAgain()
    {
        using ScratchFolder folder = ScratchFolder.Create();
        ChildProcess run = Run("FasterLog", "faster-log", folder.PathOf("logs"), "5000");
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Contains("5000 of 5000 records found again", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FasterLog", "faster-log")]
    [InlineData("HostWithMetrics", "host-with-metrics")]
    [InlineData("Mirror", "mirror")]
    [InlineData("PageCache", "page-cache")]
    [InlineData("PowerLoss", "power-loss")]
    [InlineData("WriteAheadLog", "write-ahead-log")]
    public void WithoutArguments_ItSaysWhatItWants(string project, string program)
    {
        ChildProcess run = Run(project, program);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("sample-" + program, run.Errors, StringComparison.Ordinal);
    }

    private static ChildProcess Run(string project, string program, params string[] arguments) => ChildProcess.Run(
        DotNetHost.Path, [Path.Combine(Root(), "samples", project, "bin", Configuration(), "net10.0", $"sample-{program}.dll"), .. arguments])!;

    private static string Root([CallerFilePath] string thisFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../.."));

    /// <summary>Debug or Release: the folder above the framework's.</summary>
    private static string Configuration() => Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/')))!;
}
