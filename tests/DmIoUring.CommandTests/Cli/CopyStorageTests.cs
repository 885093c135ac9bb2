using DmIoUring.Cli.Devices;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>
/// What is stacked on a destination and what it is stacked on. Mounts are made in a mount namespace of the child's own, loop devices detach
/// by themselves, swap is ended by the shell that began it: nothing stays, even of a run that is killed.
/// </summary>
public sealed class CopyStorageTests : IDisposable
{
    private readonly CopyFiles _files = new();
    private readonly string _image;

    public CopyStorageTests() => _image = _files.MakeFilled("image", 8 << 20);

    public void Dispose() => _files.Dispose();

    /// <summary>What is copied where, and the chain that is told; IMAGE is under LOOP, LOOP under UPPER, which is mounted on FOLDER.</summary>
    public static TheoryData<string, string, string[]> Chains => new()
    {
        { "SOURCE", "IMAGE", ["IMAGE is under LOOP; LOOP is under UPPER; UPPER is mounted on FOLDER"] },
        { "SOURCE", "LOOP", ["LOOP is under UPPER; UPPER is mounted on FOLDER"] },
        { "SOURCE", "UPPER", ["UPPER is mounted on FOLDER"] },
        { "SOURCE", "LINK", ["LINK is under LOOP"] },
        { "IMAGE", "LOOP", ["LOOP, which is on IMAGE", "LOOP is under UPPER"] },
        { "IMAGE", "UPPER", ["UPPER, which is on LOOP, which is on IMAGE"] },
        { "IMAGE", "FOLDER/new", ["FOLDER/new, which is on UPPER, which is on LOOP, which is on IMAGE"] },
        { "LOOP", "IMAGE", ["LOOP, which is on IMAGE"] },
    };

    [Theory]
    [MemberData(nameof(Chains))]
    public void Copy_IntoAChain_IsRefusedWithTheChain_AndWritesNothing(string source, string destination, string[] chains)
    {
        using LoopDevice loop = MakeChain(out LoopDevice upper);
        using LoopDevice _ = upper;
        byte[] before = File.ReadAllBytes(_image);
        ChildProcess run = RunMounted(upper, Name(source, loop, upper), Name(destination, loop, upper));
        Assert.Equal(2, run.ExitCode);
        foreach (string chain in chains)
            Assert.Contains(Name(chain, loop, upper), run.Errors, StringComparison.Ordinal);
        Assert.Contains("--force", run.Errors, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_image));
    }

    [Theory]
    [InlineData("IMAGE")]
    [InlineData("LOOP")]
    public void Copy_IntoAChain_WithForce_IsDone(string destination)
    {
        using LoopDevice loop = MakeChain(out LoopDevice upper);
        using LoopDevice _ = upper;
        Assert.Equal(0, RunMounted(upper, _files.Source, Name(destination, loop, upper), "--force").ExitCode);
        Assert.Equal(_files.Content, File.ReadAllBytes(_image)[..CopyFiles.SourceSize]);
    }

    [Fact]
    public async Task Copy_AfterTheLoopDeviceIsGone_IsDone()
    {
        using (LoopDevice loop = Over(_image))
            (await Dmio.RunAsync("copy", _files.Source, _image)).AssertRefused($"{_image} is under {loop.Path}");
        Assert.Equal(0, (await Dmio.RunAsync("copy", _files.Source, _image)).ExitCode);
    }

    [Fact]
    public async Task Copy_ToAFileAndTheLoopDeviceOnIt_IsRefused()
    {
        using LoopDevice loop = Over(_image);
        (await Dmio.RunAsync("copy", _files.Source, loop.Path, _image)).AssertRefused("another destination: " + loop.Path + ", which is on " + _image);
    }

    [Theory]
    [InlineData("bench", "--rw", "randwrite", "--destroy", "--runtime", "0.1", "--filename")]
    [InlineData("stress", "--destroy", "--time", "1")]
    public async Task OtherCommandsThatWrite_RefuseTheSame(params string[] command)
    {
        using LoopDevice loop = Over(_image);
        (await Dmio.RunAsync([.. command, _image])).AssertRefused($"{_image} is under {loop.Path}", "--force");
        CopyFiles.AssertUntouched(_image);
    }

    [Fact]
    public void Copy_ToActiveSwap_IsRefused()
    {
        Require.That(Environment.IsPrivilegedProcess ? null : "only root can do that");
        string script = $"mkswap -q '{_image}' && chmod 600 '{_image}' && swapon '{_image}' || exit 99; trap \"swapoff '{_image}'\" EXIT; \"$@\"";
        ChildProcess run = ChildProcess.Run("sh", "-c", script, "sh", DotNetHost.Path, BuiltCommand.Assembly, "copy", _files.Source, _image)!;
        Require.That(run.ExitCode == 99 ? "no swap can be made here: " + run.Errors : null);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"{_image} is swap space", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Map_FollowsPartitionsAndStackedDevices()
    {
        StorageMap map = new(
            [
                new("block 8:1", "/dev/a1", "block 8:0", "/dev/a", StorageLinkKind.Partition),
                new("block 8:2", "/dev/a2", "block 8:0", "/dev/a", StorageLinkKind.Partition),
                new("block 9:0", "/dev/md0", "block 8:1", "/dev/a1", StorageLinkKind.Stacked),
                new("block 253:0", "/dev/mapper/v", "block 9:0", "/dev/md0", StorageLinkKind.Stacked),
            ],
            [new("block 253:0", "mounted on /data")],
            new Dictionary<string, (string, string)>(StringComparer.Ordinal) { ["253:0"] = ("block 253:0", "/dev/mapper/v") });
        PathFacts disk = Block("/dev/a", "block 8:0", "block 8:0");
        PathFacts used = Block("/dev/a1", "block 8:1", "block 8:0");
        PathFacts free = Block("/dev/a2", "block 8:2", "block 8:0");
        PathFacts file = new("/data/f", PathKind.RegularFile, "file 253:0 7", Disk: null, SysfsFolder: null) { FileSystem = "253:0" };

        Assert.Equal(
            "/dev/a is under /dev/a1; /dev/a1 is under /dev/md0; /dev/md0 is under /dev/mapper/v; /dev/mapper/v is mounted on /data", map.FindUse(disk));
        Assert.StartsWith("/dev/a1 is under /dev/md0", map.FindUse(used), StringComparison.Ordinal);
        Assert.Null(map.FindUse(free));
        Assert.Equal("/data/f, which is on /dev/mapper/v, which is on /dev/md0, which is on /dev/a1, which is on /dev/a", map.FindPath(file, disk));
        Assert.Null(map.FindPath(file, free));
    }

    [Fact]
    public void Map_WhoUsesTheWholeDisk_UsesItsPartitions()
    {
        StorageMap map = new(
            [
                new("block 8:1", "/dev/a1", "block 8:0", "/dev/a", StorageLinkKind.Partition),
                new("block 7:0", "/dev/loop0", "block 8:0", "/dev/a", StorageLinkKind.Loop),
            ],
            [],
            new Dictionary<string, (string, string)>(StringComparer.Ordinal));
        PathFacts partition = Block("/dev/a1", "block 8:1", "block 8:0");
        Assert.Equal("/dev/a1 is on /dev/a; /dev/a is under /dev/loop0", map.FindUse(partition));
        Assert.Equal("/dev/loop0, which is on /dev/a1", map.FindPath(Block("/dev/loop0", "block 7:0", "block 7:0"), partition));
    }

    [Theory]
    [InlineData("/mnt/a", "/mnt/a")]
    [InlineData(@"/mnt/a\040b\134c\012", "/mnt/a b\\c\n")]
    [InlineData(@"/mnt/gr\303\266\303\237e", "/mnt/größe")]
    [InlineData(@"/mnt/\9", @"/mnt/\9")]
    public void MountTable_ReadsEscapedPaths(string field, string path) => Assert.Equal(path, MountTable.Unescape(field));

    private static PathFacts Block(string path, string identity, string disk) => new(path, PathKind.BlockDevice, identity, disk, SysfsFolder: null);

    private static LoopDevice Over(string path)
    {
        RequireLoop.Here();
        return LoopDevice.Over(path);
    }

    private LoopDevice MakeChain(out LoopDevice upper)
    {
        Require.That(Environment.IsPrivilegedProcess ? null : "only root can do that");
        ChildProcess? made = ChildProcess.Run("mkfs.ext4", "-q", "-F", _image);
        Require.That(made is null ? "there is no mkfs.ext4: apt-get install e2fsprogs" : null);
        Assert.Equal(0, made!.ExitCode);
        Directory.CreateDirectory(_files.PathOf("folder"));
        File.CreateSymbolicLink(_files.PathOf("link"), _image);
        LoopDevice loop = Over(_image);
        upper = LoopDevice.Over(loop.Path);
        return loop;
    }

    private ChildProcess RunMounted(LoopDevice device, params string[] arguments) => ChildProcess.Run(
        "unshare", ["-m", "sh", "-c", $"mount -o ro,noload '{device.Path}' '{_files.PathOf("folder")}' || exit 99; exec \"$@\"", "sh",
            DotNetHost.Path, BuiltCommand.Assembly, "copy", .. arguments])!;

    private string Name(string text, LoopDevice loop, LoopDevice upper) => text
        .Replace("SOURCE", _files.Source, StringComparison.Ordinal)
        .Replace("IMAGE", _image, StringComparison.Ordinal)
        .Replace("LOOP", loop.Path, StringComparison.Ordinal)
        .Replace("UPPER", upper.Path, StringComparison.Ordinal)
        .Replace("FOLDER", _files.PathOf("folder"), StringComparison.Ordinal)
        .Replace("LINK", _files.PathOf("link"), StringComparison.Ordinal);
}
