using DmIoUring.Cli;
using DmIoUring.Cli.Info;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

public sealed class InfoTests
{
    [Fact]
    public async Task Info_OfADevice_TellsItsGeometry()
    {
        using LoopDevice loop = RequireLoop.Create(8 << 20, new LoopDeviceOptions { BlockSize = 4096 });
        Dmio run = await Dmio.RunAsync("info", loop.Path, "--json");
        Assert.Equal(0, run.ExitCode);
        InfoReport report = run.Document(ReportJson.Default.InfoReport);
        DeviceInfo device = Assert.Single(report.Devices);
        Assert.True(device.IsBlockDevice);
        Assert.Equal((8 << 20, 16384, 4096), (device.Bytes, device.Sectors, device.LogicalBlockSize));
        Assert.False(device.IsReadOnly);
        Assert.Equal(("none", 0L, (long?)null), (device.ZoneModel, device.ZoneSectors, device.SequentialFrom));
        using BlockDevice opened = BlockDevice.Open(loop.Path);
        Assert.Equal(opened.SegmentAlignment, device.SegmentAlignment);

        // What the device answers to a discard itself, and not what the ring has an operation for.
        Assert.Equal(device.MaxDiscardBytes > 0, device.HasRingDiscards is not null);
        Assert.NotEmpty(report.Ring!.Features);
    }

    [Fact]
    public async Task Info_OfAReadOnlyDevice_SaysSo()
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20, new LoopDeviceOptions { ReadOnly = true });
        Dmio run = await Dmio.RunAsync("info", loop.Path);
        Assert.Contains("read-only", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Info_OfAFile_ShowsItAndTheRing()
    {
        using ScratchFile file = ScratchFile.Create(4096);
        Dmio run = await Dmio.RunAsync("info", file.Path);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("regular file", run.Output, StringComparison.Ordinal);
        Assert.Contains("8 sectors", run.Output, StringComparison.Ordinal);
        Assert.Contains("IORING_SETUP_", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', run.Output);
    }

    [Theory]
    [InlineData("/nosuch", "does not exist")]
    [InlineData("/", "is a directory")]
    [InlineData("/dev/null", "is a character device")]
    public async Task Info_OneThatCannotBeOpened_IsAnErrorLine_AndTheOthersAreShown(string path, string why)
    {
        using ScratchFile file = ScratchFile.Create(4096);
        Dmio run = await Dmio.RunAsync("info", path, file.Path);
        run.AssertRefused($"{path}: {why}");
        Assert.Contains("8 sectors", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Info_WithIoUringForbidden_ShowsDevices_AndSaysWhy()
    {
        using CProgram forbid = new("without-io-uring.c");
        Require.That(forbid.Obstacle);
        using ScratchFile file = ScratchFile.Create(4096);
        ChildProcess run = ChildProcess.Run(forbid.FullPath, "1", DotNetHost.Path, BuiltCommand.Assembly, "info", file.Path)!;
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("8 sectors", run.Output, StringComparison.Ordinal);
        Assert.Contains("worker threads", run.Output, StringComparison.Ordinal);
        Assert.Contains("seccomp", run.Output, StringComparison.Ordinal);
    }
}
