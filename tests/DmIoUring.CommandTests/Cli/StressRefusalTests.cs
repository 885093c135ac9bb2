using DmIoUring.Cli.Stress;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

public sealed class StressRefusalTests : IDisposable
{
    private const int Size = 2 << 20;
    private readonly CopyFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Stress_OnAMissingPath_IsRefused_AndCreatesNothing()
    {
        (await Dmio.RunAsync("stress", _files.PathOf("nothing"), "--destroy")).AssertRefused("nothing: does not exist");
        Assert.False(File.Exists(_files.PathOf("nothing")));
    }

    [Theory]
    [InlineData("/", "a directory")]
    [InlineData("/dev/null", "a character device")]
    public async Task Stress_OnWhatHoldsNoData_IsRefused(string path, string what) =>
        (await Dmio.RunAsync("stress", path, "--destroy")).AssertRefused(path, what);

    [Fact]
    public async Task Stress_OnAFileWithContent_IsRefused_UnlessItMayBeDestroyed()
    {
        string file = _files.MakeFilled("file", Size);
        (await Dmio.RunAsync("stress", file, "--force")).AssertRefused(file, "everything on it would be lost", "--destroy");
        CopyFiles.AssertUntouched(file);
    }

    [Fact]
    public async Task Stress_OnABlockDevice_IsRefused_UnlessItMayBeDestroyed()
    {
        using LoopDevice loop = RequireLoop.Create(Size);
        (await Dmio.RunAsync("stress", loop.Path)).AssertRefused(loop.Path, "everything on it would be lost", "--destroy");
    }

    [Fact]
    public async Task Stress_OnAClaimedDevice_IsRefused_AndTakenWithForce()
    {
        using LoopDevice loop = RequireLoop.Create(Size);
        using BlockDevice claim = BlockDevice.Open(loop.Path, new BlockDeviceOptions { Exclusive = true });
        (await Dmio.RunAsync("stress", loop.Path, "--destroy")).AssertRefused(loop.Path, "EBUSY", "--force");
        Assert.Equal(0, (await Dmio.RunAsync("stress", loop.Path, "--destroy", "--force", "--time", "0.2")).ExitCode);
    }

    [Fact]
    public async Task Stress_OnAReadOnlyDevice_IsRefused()
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { ReadOnly = true });
        (await Dmio.RunAsync("stress", loop.Path, "--destroy")).AssertRefused(loop.Path, "read-only", "blockdev --setrw");
    }

    [Fact]
    public async Task Stress_OnTheSameDeviceTwice_IsRefused_AndNothingIsWritten()
    {
        string file = _files.MakeFilled("file", Size);
        File.CreateSymbolicLink(_files.PathOf("link"), file);
        (await Dmio.RunAsync("stress", file, _files.PathOf("link"), "--destroy")).AssertRefused("link: is the same as " + file);
        CopyFiles.AssertUntouched(file);
    }

    [Fact]
    public async Task Stress_OnADeviceTooSmall_IsRefused_AndFilesStayEmpty()
    {
        string empty = _files.Make("empty", []);
        string small = _files.MakeFilled("small", 4096);
        (await Dmio.RunAsync("stress", empty, small, "--destroy")).AssertRefused(small, "4096 bytes", "1 MiB");
        Assert.Equal(0, new FileInfo(empty).Length);
        CopyFiles.AssertUntouched(small);
    }

    [Fact]
    public async Task Stress_WithFaultsOnNamedDevices_IsRefused() =>
        (await Dmio.RunAsync("stress", _files.Make("empty", []), "--faults")).AssertRefused("--faults", "makes itself");

    [Fact]
    public async Task Stress_WithFaultsOnPlainFiles_IsRefused() =>
        (await Dmio.RunAsync("stress", "--files", "--faults")).AssertRefused("--faults", "loop devices");

    [Fact]
    public async Task Stress_Refused_SaysAllOfItInTheDocumentToo()
    {
        Dmio run = await Dmio.RunAsync("stress", "/", _files.PathOf("nothing"), "--json");
        run.AssertRefused("a directory", "does not exist");
        StressReport report = run.StressReport();
        Assert.Equal((StressOutcome.Refused, 2), (report.Outcome, report.Refusals!.Count));
    }
}
