using System.Net.Sockets;
using DmIoUring.DeviceTests.Support;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Devices;

/// <summary>What can't be opened, and whether the message says so in a way that helps.</summary>
public sealed class BlockDeviceRefusalTests : IDisposable
{
    private readonly ScratchFolder _folder = ScratchFolder.Create();

    public static TheoryData<DeviceAccess, bool> WaysToOpen => new()
    {
        { DeviceAccess.ReadWrite, true },
        { DeviceAccess.ReadWrite, false },
        { DeviceAccess.Read, true },
        { DeviceAccess.Read, false },
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_Null_Throws() => Assert.Throws<ArgumentNullException>(() => BlockDevice.Open(null!));

    [Fact]
    public void Open_EmptyPath_Throws() => Assert.Equal("path", Assert.Throws<ArgumentException>(() => BlockDevice.Open("")).ParamName);

    [Fact]
    public void Open_PathWithANul_IsRefused_AndNeverOpensWhatStandsBeforeIt()
    {
        using ScratchFile file = ScratchFile.Create(4096);
        Assert.Equal("path", Assert.Throws<ArgumentException>(() => BlockDevice.Open(file.Path + "\0.old")).ParamName);
    }

    [Fact]
    public void Open_MissingPath_SaysThatItDoesNotExist()
    {
        string path = _folder.PathOf("missing");
        FileNotFoundException refused = Assert.Throws<FileNotFoundException>(() => BlockDevice.Open(path));
        Assert.Equal(path, refused.FileName);
        AssertSays(refused, path, "does not exist (ENOENT)", "Name a block device or a regular file.");
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Open_PathBelowAFile_SaysThatItDoesNotExist()
    {
        using ScratchFile file = ScratchFile.Create(0);
        string path = file.Path + "/below";
        AssertSays(Assert.Throws<FileNotFoundException>(() => BlockDevice.Open(path)), path, "does not exist (ENOTDIR)");
    }

    [Fact]
    public void Open_DanglingLink_SaysThatItDoesNotExist()
    {
        string path = _folder.PathOf("link");
        File.CreateSymbolicLink(path, _folder.PathOf("missing"));
        AssertSays(Assert.Throws<FileNotFoundException>(() => BlockDevice.Open(path)), path, "does not exist (ENOENT)");
    }

    [Theory]
    [MemberData(nameof(WaysToOpen))]
    public void Open_Directory_SaysWhatItIs(DeviceAccess access, bool direct) =>
        AssertNotADevice(_folder.Path, "is a directory", access, direct);

    [Theory]
    [MemberData(nameof(WaysToOpen))]
    public void Open_CharacterDevice_SaysWhatItIs(DeviceAccess access, bool direct) =>
        AssertNotADevice("/dev/null", "is a character device", access, direct);

    [Theory]
    [MemberData(nameof(WaysToOpen))]
    public void Open_Fifo_SaysWhatItIs_AndDoesNotHang(DeviceAccess access, bool direct)
    {
        string path = _folder.PathOf("fifo");
        Assert.Equal(0, ChildProcess.Run("mkfifo", path)?.ExitCode);
        AssertNotADevice(path, "is a FIFO", access, direct);
    }

    [Theory]
    [MemberData(nameof(WaysToOpen))]
    public void Open_Socket_SaysWhatItIs(DeviceAccess access, bool direct)
    {
        string path = _folder.PathOf("socket");
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        AssertNotADevice(path, "is a socket", access, direct);
    }

    [Fact]
    public void Open_BlockNodeWithoutADriver_SaysThatNothingIsBehindIt()
    {
        RequireLoop.Here();
        string path = _folder.PathOf("node");
        // Major 240 to 254 are for local use: nothing that a test host has claims number 254 of 254.
        Assert.Equal(0, Libc.MknodBlock(path, 0x180, 254, 254));
        AssertSays(Assert.Throws<IOException>(() => BlockDevice.Open(path)), path, "has no device behind it (ENXIO)");
    }

    [Theory]
    [InlineData(UnixFileMode.None, DeviceAccess.ReadWrite, "can't be opened for reading and writing (EACCES)")]
    [InlineData(UnixFileMode.None, DeviceAccess.Read, "can't be opened for reading (EACCES)")]
    [InlineData(UnixFileMode.GroupRead | UnixFileMode.OtherRead, DeviceAccess.ReadWrite, "can't be opened for reading and writing (EACCES)")]
    public void Open_WithoutPermission_SaysWhatWasAsked(UnixFileMode mode, DeviceAccess access, string message)
    {
        using ScratchFile file = ScratchFile.Create(4096);
        File.SetUnixFileMode(file.Path, mode);
        UnauthorizedAccessException refused = Assert.Throws<UnauthorizedAccessException>(
            () => FileSystemUser.RunAsNobody(() => BlockDevice.Open(file.Path, access)));
        AssertSays(refused, file.Path, message);
    }

    [Fact]
    public void Open_ForReading_WithOnlyThatPermission_Works()
    {
        using ScratchFile file = ScratchFile.Create(4096);
        File.SetUnixFileMode(file.Path, UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        using BlockDevice device = FileSystemUser.RunAsNobody(() => BlockDevice.Open(file.Path, DeviceAccess.Read));
        Assert.True(device.IsReadOnly);
    }

    [Fact]
    public void Exclusive_OnADeviceThatIsHeldSo_SaysThatItIsInUse()
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        BlockDeviceOptions exclusive = new() { Exclusive = true };
        using (BlockDevice.Open(loop.Path, exclusive))
        {
            IOException refused = Assert.Throws<IOException>(() => BlockDevice.Open(loop.Path, exclusive));
            AssertSays(refused, loop.Path, "is in use (EBUSY)", "Unmount it, or open it without Exclusive");
            BlockDevice.Open(loop.Path).Dispose();
        }

        BlockDevice.Open(loop.Path, exclusive).Dispose();
    }

    [Fact]
    public void Exclusive_OnAMountedDevice_SaysThatItIsInUse()
    {
        using LoopDevice loop = RequireLoop.Create(16 << 20);
        string? obstacle = ChildProcess.Run("mkfs.ext4", "-q", loop.Path) is { ExitCode: 0 } ? null : "mkfs.ext4 is missing or refuses";
        Require.That(obstacle);
        ChildProcess? mount = ChildProcess.Run("mount", "-t", "ext4", loop.Path, _folder.Path);
        Require.That(mount is { ExitCode: 0 } ? null : "mount refuses: " + mount?.Errors);
        try
        {
            IOException refused = Assert.Throws<IOException>(() => BlockDevice.Open(loop.Path, new BlockDeviceOptions { Exclusive = true }));
            AssertSays(refused, loop.Path, "is in use (EBUSY)", "mounted");
        }
        finally
        {
            ChildProcess.Run("umount", _folder.Path);
        }
    }

    [Fact]
    public void Exclusive_OnARegularFile_HasNoMeaning()
    {
        using ScratchFile file = ScratchFile.Create(4096);
        BlockDeviceOptions exclusive = new() { Exclusive = true, Direct = false };
        using BlockDevice first = BlockDevice.Open(file.Path, exclusive);
        using BlockDevice second = BlockDevice.Open(file.Path, exclusive);
        Assert.Equal(first.Size, second.Size);
    }

    private static void AssertNotADevice(string path, string what, DeviceAccess access, bool direct)
    {
        IOException refused = Assert.Throws<IOException>(() => BlockDevice.Open(path, new BlockDeviceOptions { Access = access, Direct = direct }));
        AssertSays(refused, path, what, "Name a block device or a regular file.");
    }

    private static void AssertSays(Exception refused, params ReadOnlySpan<string> parts)
    {
        foreach (string part in parts)
            Assert.Contains(part, refused.Message, StringComparison.Ordinal);
    }
}
