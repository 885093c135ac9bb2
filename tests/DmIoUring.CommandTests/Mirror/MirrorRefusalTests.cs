using DmIoUring.CommandTests.Cli;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Mirror;

/// <summary>What is refused, in one line with a hint, before anything is written.</summary>
public sealed class MirrorRefusalTests(TwoMirrors mirrors) : IClassFixture<TwoMirrors>, IDisposable
{
    private readonly MirrorFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("create a", "1 leg; a mirror has 2 to 64", "Name each device")]
    [InlineData("create =nosuch c", "nosuch: does not exist", "with --size a file is created")]
    [InlineData("create c =nosuch/x --size 1M", "neither does its folder", "Create the folder")]
    [InlineData("create c /dev/dmio-nosuch --size 1M", "/dev/dmio-nosuch: does not exist, and no file is created under /dev", "lsblk")]
    [InlineData("create c /", "/: is a directory", "Name a block device")]
    [InlineData("create c /dev/null", "/dev/null: is a character device", "Name a block device")]
    [InlineData("create c c", "is the same as", "Name each device once")]
    [InlineData("create c s", "has 8 KiB; at least 16384 bytes (16 KiB) are needed, the metadata included|8192 bytes", "Name a larger one")]
    [InlineData("create c s --size 1M", "at least 1060864 bytes", "Name a larger one, or pass a smaller --size")]
    [InlineData("create c a", "is leg 0 of mirror", "dmio mirror resync")]
    [InlineData("create c =new --size 1000", "--size 1000 must be 4K", "See: dmio mirror create --help")]
    [InlineData("create c b --region-size 3M", "--region-size 3M must be a power of two", "See: dmio mirror create --help")]
    [InlineData("create c b --region-size 32K", "--region-size 32K must be 64K to 1G", "See: dmio mirror create --help")]
    [InlineData("create c --size 8P b", "'8P' is no size", "See: dmio mirror create --help")]
    [InlineData("create c =new --size 1024T --region-size 64K", "--region-size 64 KiB makes more than 16,777,216 regions", "larger --region-size")]
    [InlineData("create c b --verfiy", "unknown option --verfiy", "")]
    [InlineData("resync =nosuch b", "nosuch: does not exist", "Name a block device")]
    [InlineData("resync c a b", "is no leg of a mirror: at the end of its 8192 sectors the first superblock has no mirror's magic number", "dmio mirror replace")]
    [InlineData("resync a d b", "belongs to mirror", "Give the legs of one mirror")]
    [InlineData("resync a", "leg 1 is missing", "--allow-missing")]
    [InlineData("resync a a", "is the same as", "Name each device once")]
    [InlineData("resync a b --trust c", "is none of the legs that were named", "--trust")]
    [InlineData("resync a b --throttle 0", "--throttle 0 must be 1 to 1024T", "See: dmio mirror resync --help")]
    [InlineData("resync a b --trust ", "--trust needs a value: LEG", "See: dmio mirror resync --help")]
    [InlineData("replace a b --leg 2 --with c", "--leg 2: the mirror has legs 0 to 1", "dmio mirror status")]
    [InlineData("replace a b --leg 1 --with s", "has 8192 bytes (8 KiB)", "Name a larger one")]
    [InlineData("replace a b --leg 1 --with d", "is leg 0 of mirror", "--force")]
    [InlineData("replace a b --leg 1 --with a", "is the same as", "Name each device once")]
    [InlineData("replace a b --leg 1 --with /dev/null", "is a character device", "Name a block device")]
    [InlineData("replace a b --leg 1", "--with NEW is missing", "See: dmio mirror replace --help")]
    [InlineData("replace c --leg 1 --with =new", "is no leg of a mirror", "")]
    [InlineData("replace a --leg 0 --with c", "leg 1 is missing", "--allow-missing")]
    [InlineData("status =nosuch", "nosuch: does not exist", "Name a block device")]
    [InlineData("status a /", "/: is a directory", "")]
    [InlineData("status c", "is no leg of a mirror", "")]
    [InlineData("", "Required command was not provided", "See: dmio mirror --help")]
    [InlineData("rsync a", "unknown command rsync; did you mean resync?", "")]
    public async Task BadInput_IsALineAndAHint_AndNothingIsWritten(string words, string line, string hint)
    {
        Dmio run = await mirrors.Files.RunAsync(words);
        Assert.Equal(2, run.ExitCode);
        Assert.True(line.Split('|').Any(one => run.Errors.Contains(one, StringComparison.Ordinal)), run.Errors);
        Assert.Contains(hint, run.Errors, StringComparison.Ordinal);
        Assert.InRange(run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, 2);
        Assert.Equal("", run.Output);
        mirrors.AssertUnchanged();
    }

    [Fact]
    public async Task DamagedMetadata_IsSaid_AndTheLegMayBeReplaced()
    {
        await _files.CreateAsync();
        using (FileStream leg = new(_files.PathOf("b"), FileMode.Open))
        {
            foreach (int slot in (int[])[1, 2])
            {
                leg.Position = MirrorFiles.LegBytes - slot * 4096 + 200;
                leg.WriteByte(0xA5);
            }
        }

        (await _files.RunAsync("resync a b")).AssertRefused("b: is no leg of a mirror", "wrong checksum", "dmio mirror replace");
        await _files.ReportAsync(0, "replace a --leg 1 --with b");
        _files.AssertSameData("a", "b");
    }

    [Fact]
    public async Task SixtyFiveLegs_AreRefused() =>
        (await Dmio.RunAsync(["mirror", "create", .. Enumerable.Range(0, 65).Select(index => _files.PathOf("x" + index))])).AssertRefused("65 legs; a mirror has 2 to 64");

    [Fact]
    public async Task FileThatAnotherProgramHasLocked_IsRefused()
    {
        using FileStream locked = new(_files.PathOf("b"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        (await _files.RunAsync("create a b")).AssertRefused("b: is in use: another program has locked it", "--force");
    }

    [Fact]
    public async Task ClaimedDevice_IsRefused_AndTakenWithForce()
    {
        using LoopDevice left = RequireLoop.Create(MirrorFiles.LegBytes), right = RequireLoop.Create(MirrorFiles.LegBytes);
        using BlockDevice claim = BlockDevice.Open(right.Path, new BlockDeviceOptions { Exclusive = true });
        (await Dmio.RunAsync("mirror", "create", left.Path, right.Path)).AssertRefused(right.Path, "EBUSY", "--force");
        Assert.Equal(0, (await Dmio.RunAsync("mirror", "create", left.Path, right.Path, "--force")).ExitCode);

        // Looking needs no claim.
        Assert.Equal(0, (await Dmio.RunAsync("mirror", "status", left.Path, right.Path)).ExitCode);
    }

    [Fact]
    public async Task ReadOnlyDevice_IsRefused_AndCanBeLookedAt()
    {
        using LoopDevice left = RequireLoop.Create(MirrorFiles.LegBytes), right = RequireLoop.Create(MirrorFiles.LegBytes);
        Assert.Equal(0, (await Dmio.RunAsync("mirror", "create", left.Path, right.Path, "--no-resync")).ExitCode);
        right.SetReadOnly(true);
        (await Dmio.RunAsync("mirror", "resync", left.Path, right.Path)).AssertRefused(right.Path, "read-only", "blockdev --setrw");
        Assert.Equal(1, (await Dmio.RunAsync("mirror", "status", left.Path, right.Path)).ExitCode);
    }

    [Fact]
    public async Task LoopDeviceAndItsImage_AreRefused()
    {
        using LoopDevice loop = LoopOver(_files.PathOf("a"));
        (await Dmio.RunAsync("mirror", "create", _files.PathOf("a"), loop.Path)).AssertRefused("is in use: ", "shares its storage with another leg");
    }

    [Fact]
    public void FileWithoutPermission_IsRefused()
    {
        Require.That(Environment.UserName is "root" ? null : "only root can become somebody else");
        File.SetUnixFileMode(_files.PathOf("b"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        ChildProcess? run = ChildProcess.Run("setpriv", "--reuid=65534", "--clear-groups", DotNetHost.Path, BuiltCommand.Assembly, "mirror", "status", _files.PathOf("b"));
        Require.That(run is null || run.Errors.StartsWith("setpriv", StringComparison.Ordinal) || run.Errors.Contains("libhostfxr", StringComparison.Ordinal) ? "there is no setpriv, or .NET is root's" : null);
        Assert.Equal(2, run!.ExitCode);
        Assert.Contains("no permission", run.Errors, StringComparison.Ordinal);
    }

    private static LoopDevice LoopOver(string path)
    {
        RequireLoop.Here();
        return LoopDevice.Over(path);
    }
}
