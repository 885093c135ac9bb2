using DmIoUring.Cli;
using DmIoUring.Cli.Copy;
using DmIoUring.Cli.Devices;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

public sealed class CopyRefusalTests : IDisposable
{
    private readonly CopyFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Copy_SourceMissing_IsRefused_AndCreatesNothing()
    {
        Dmio run = await Dmio.RunAsync("copy", _files.PathOf("nothing"), _files.PathOf("new"));
        run.AssertRefused(_files.PathOf("nothing"), "does not exist");
        Assert.False(File.Exists(_files.PathOf("new")));
    }

    [Theory]
    [InlineData("/", "a directory")]
    [InlineData("/dev/null", "a character device")]
    public async Task Copy_SourceThatHoldsNoData_IsRefused(string source, string what) =>
        (await Dmio.RunAsync("copy", source, _files.PathOf("new"))).AssertRefused(source, what);

    [Theory]
    [InlineData("/", "a directory")]
    [InlineData("/dev/null", "a character device")]
    public async Task Copy_DestinationThatHoldsNoData_IsRefused(string destination, string what) =>
        (await Dmio.RunAsync("copy", _files.Source, destination)).AssertRefused(destination, what);

    [Fact]
    public async Task Copy_EmptySource_IsRefused() =>
        (await Dmio.RunAsync("copy", _files.Make("empty", []), _files.PathOf("new"))).AssertRefused("is empty");

    [Fact]
    public async Task Copy_DestinationSmallerThanSource_IsRefusedAtOnce()
    {
        string fits = _files.MakeFilled("fits", CopyFiles.SourceSize);
        string small = _files.MakeFilled("small", 4096);
        Dmio run = await Dmio.RunAsync("copy", _files.Source, fits, small, _files.PathOf("new"));
        run.AssertRefused(small, "4096 bytes", "1048576 bytes", "less than the source");
        CopyFiles.AssertUntouched(fits);
        CopyFiles.AssertUntouched(small);
        Assert.False(File.Exists(_files.PathOf("new")));
    }

    [Fact]
    public async Task Copy_Refused_SaysSoInTheDocumentToo()
    {
        string small = _files.MakeFilled("small", 4096);
        Dmio run = await Dmio.RunAsync("copy", _files.Source, small, "--json");
        run.AssertRefused(small);
        CopyReport report = run.CopyReport();
        Assert.Equal(CommandOutcome.Refused, report.Outcome);
        Assert.Equal(2, report.ExitCode);
        Assert.Equal(small, Assert.Single(report.Refusals!).Path);
    }

    [Fact]
    public async Task Copy_SeveralThingsWrong_TellsAllOfThem() =>
        (await Dmio.RunAsync("copy", _files.PathOf("nothing"), "/", "/dev/dmio-nosuch"))
            .AssertRefused("nothing: does not exist", "a directory", "/dev/dmio-nosuch");

    [Fact]
    public async Task Copy_ReadOnlyDevice_IsRefused()
    {
        using LoopDevice loop = RequireLoop.Create(CopyFiles.SourceSize, new LoopDeviceOptions { ReadOnly = true });
        (await Dmio.RunAsync("copy", _files.Source, loop.Path)).AssertRefused(loop.Path, "read-only", "blockdev --setrw");
    }

    [Fact]
    public async Task Copy_ToItself_IsRefused() =>
        (await Dmio.RunAsync("copy", _files.Source, Path.Combine(_files.Folder, ".", "source"))).AssertRefused("the same as the source");

    [Fact]
    public async Task Copy_ToItselfThroughASymbolicLink_IsRefused()
    {
        File.CreateSymbolicLink(_files.PathOf("link"), _files.Source);
        (await Dmio.RunAsync("copy", _files.Source, _files.PathOf("link"))).AssertRefused("the same as the source");
        Assert.Equal(_files.Content, File.ReadAllBytes(_files.Source));
    }

    [Fact]
    public async Task Copy_ToItsOwnDeviceThroughASymbolicLink_IsRefused()
    {
        using LoopDevice loop = RequireLoop.Create(CopyFiles.SourceSize);
        File.CreateSymbolicLink(_files.PathOf("link"), loop.Path);
        (await Dmio.RunAsync("copy", loop.Path, _files.PathOf("link"), "--force")).AssertRefused("the same as the source");
    }

    [Fact]
    public async Task Copy_SameDestinationTwice_IsRefused()
    {
        string destination = _files.MakeFilled("a", CopyFiles.SourceSize);
        File.CreateSymbolicLink(_files.PathOf("link"), destination);
        (await Dmio.RunAsync("copy", _files.Source, destination, _files.PathOf("link"))).AssertRefused("the same as destination");
        CopyFiles.AssertUntouched(destination);
    }

    [Fact]
    public async Task Copy_SameNewFileTwice_IsRefused()
    {
        string again = Path.Combine(_files.Folder, "..", Path.GetFileName(_files.Folder), "new");
        (await Dmio.RunAsync("copy", _files.Source, _files.PathOf("new"), again)).AssertRefused("the same as destination");
        Assert.False(File.Exists(_files.PathOf("new")));
    }

    [Fact]
    public void DiskAndItsPartition_Overlap_TwoPartitionsDoNot()
    {
        PathFacts disk = new("/dev/a", PathKind.BlockDevice, "block 8:0", "block 8:0", null);
        PathFacts first = new("/dev/a1", PathKind.BlockDevice, "block 8:1", "block 8:0", null);
        PathFacts second = new("/dev/a2", PathKind.BlockDevice, "block 8:2", "block 8:0", null);
        Assert.True(disk.Overlaps(first));
        Assert.True(first.Overlaps(disk));
        Assert.True(first.Overlaps(first));
        Assert.False(first.Overlaps(second));
    }

    [Fact]
    public async Task Copy_PieceOffTheDestinationsBlock_IsRefused()
    {
        using LoopDevice loop = RequireLoop.Create(CopyFiles.SourceSize, new LoopDeviceOptions { BlockSize = 4096 });
        (await Dmio.RunAsync("copy", _files.Source, loop.Path, "--block-size", "4608")).AssertRefused(loop.Path, "--bs 4608", "8192");
    }

    [Fact]
    public async Task Copy_SixtyFiveDestinations_IsRefused()
    {
        string[] destinations = [.. Enumerable.Range(0, 65).Select(index => _files.PathOf("d" + index))];
        (await Dmio.RunAsync(["copy", _files.Source, .. destinations])).AssertRefused("65 destinations", "at most 64");
        Assert.Single(Directory.GetFiles(_files.Folder));
    }

    [Fact]
    public async Task Copy_MoreMemoryThanAllowed_IsRefused() =>
        (await Dmio.RunAsync("copy", _files.Source, _files.PathOf("new"), "--block-size", "256M", "--depth", "256")).AssertRefused("64 GiB");

    [Fact]
    public async Task Copy_ClaimedDevice_IsRefused_AndTakenWithForce()
    {
        using LoopDevice loop = RequireLoop.Create(CopyFiles.SourceSize);
        using BlockDevice claim = BlockDevice.Open(loop.Path, new BlockDeviceOptions { Exclusive = true });
        (await Dmio.RunAsync("copy", _files.Source, loop.Path)).AssertRefused(loop.Path, "EBUSY", "--force");
        (await Dmio.RunAsync("copy", loop.Path, _files.PathOf("new"))).AssertRefused(loop.Path, "EBUSY", "--force");
        Assert.False(File.Exists(_files.PathOf("new")));
        Assert.Equal(0, (await Dmio.RunAsync("copy", _files.Source, loop.Path, "--force")).ExitCode);
    }

    [Fact]
    public async Task Copy_NewFileUnderDev_IsRefused()
    {
        File.CreateSymbolicLink(_files.PathOf("devices"), "/dev");
        (await Dmio.RunAsync("copy", _files.Source, "/dev/dmio-nosuch", _files.PathOf("devices/dmio-nosuch2")))
            .AssertRefused("/dev/dmio-nosuch: does not exist", "devices/dmio-nosuch2: does not exist", "no file is created under /dev");
        Assert.False(File.Exists("/dev/dmio-nosuch"));
        Assert.False(File.Exists("/dev/dmio-nosuch2"));
    }

    [Fact]
    public async Task Copy_NewFileInAMissingFolder_IsRefused() =>
        (await Dmio.RunAsync("copy", _files.Source, _files.PathOf("nowhere/new"))).AssertRefused("neither does its folder");

    [Fact]
    public async Task Copy_LinkThatLeadsNowhere_IsRefused()
    {
        File.CreateSymbolicLink(_files.PathOf("link"), _files.PathOf("target"));
        (await Dmio.RunAsync("copy", _files.Source, _files.PathOf("link"))).AssertRefused("symbolic link");
        Assert.False(File.Exists(_files.PathOf("target")));
    }

    [Fact]
    public async Task Copy_SecondNewFileCannotBeCreated_RemovesTheFirstAgain()
    {
        (await Dmio.RunAsync("copy", _files.Source, _files.PathOf("new"), "/proc/dmio-nosuch")).AssertRefused("/proc/dmio-nosuch", "can't be created");
        Assert.False(File.Exists(_files.PathOf("new")));
    }
}
