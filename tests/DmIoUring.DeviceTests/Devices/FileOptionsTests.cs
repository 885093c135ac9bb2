using DmIoUring.DeviceTests.Faults;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Devices;

/// <summary>Files that are made, and given a length, when they are opened; and the alignment of files that are not there yet.</summary>
public sealed class FileOptionsTests
{
    private const int Length = 1 << 20;

    public static TheoryData<FilePreallocation, bool> Ways
    {
        get
        {
            TheoryData<FilePreallocation, bool> data = [];
            foreach (FilePreallocation preallocation in Enum.GetValues<FilePreallocation>())
            {
                data.Add(preallocation, true);
                data.Add(preallocation, false);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void ANewFile_HasItsLength_ReadsAsZeroes_AndHasTheSpaceThatWasAskedFor(FilePreallocation preallocation, bool direct)
    {
        using MountedFolder folder = MountedFolder.Ext4();
        string path = folder.PathOf("log");
        using DmIoClient client = new();
        using IoMemory memory = IoMemory.Allocate(Length);
        memory.GetSpan().Fill(0xAA);
        using BlockDevice file = BlockDevice.Open(path, new BlockDeviceOptions { Create = true, Length = Length, Preallocation = preallocation, Direct = direct });
        Assert.Equal((Length, Length / 512), (file.Size, file.SectorCount));
        Assert.Equal(default, client.Read(new IoRegion(file, 0, Length / 512), memory));
        Assert.Equal(-1, memory.GetSpan().IndexOfAnyExcept((byte)0));
        Assert.Equal(preallocation != FilePreallocation.None, AllocatedBytes(file) >= Length);
        Assert.Equal(default, client.Write(new IoRegion(file, (Length / 512) - 8, 8), memory));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void AFileThatExists_KeepsItsData_AndIsOnlyEverExtended(FilePreallocation preallocation, bool direct)
    {
        using MountedFolder folder = MountedFolder.Ext4();
        string path = folder.PathOf("log");
        File.WriteAllBytes(path, Pattern.Bytes(1000));
        BlockDeviceOptions options = new() { Create = true, Length = Length, Preallocation = preallocation, Direct = direct };
        using (BlockDevice file = BlockDevice.Open(path, options))
            Assert.Equal(Length, file.Size);
        AssertHolds();

        using (BlockDevice file = BlockDevice.Open(path, options with { Length = 8192 }))
            Assert.Equal(Length, file.Size);
        AssertHolds();

        void AssertHolds()
        {
            byte[] found = File.ReadAllBytes(path);
            Assert.Equal(Length, found.Length);
            Assert.Equal(Pattern.Bytes(1000), found[..1000]);
            Assert.Equal(-1, found.AsSpan(1000).IndexOfAnyExcept((byte)0));
        }
    }

    /// <summary>The reason for <see cref="FilePreallocation.Written"/>: the kernel hands writes that change the file system's records to its workers.</summary>
    [Fact]
    public void WritesIntoWrittenSpace_NeedNoWorker()
    {
        using MountedFolder folder = MountedFolder.Ext4();
        using IoReactor reactor = new();
        Require.That(reactor.Capabilities.RefusalReason);
        using IoMemory memory = Pattern.Memory(4096);
        using BlockDevice file = BlockDevice.Open(
            folder.PathOf("log"), new BlockDeviceOptions { Create = true, Length = Length, Preallocation = FilePreallocation.Written });
        int ended = 0;
        for (int i = 0; i < Length / 4096; i++)
        {
            reactor.SubmitWrite(new IoRegion(file, i * 8, 8), memory, (result, _) => ended += result.IsSuccess ? 1 : 1000);
            reactor.Poll(1);
        }

        Assert.Equal(Length / 4096, ended);
        Assert.Equal(0, reactor.Statistics.WorkerEntries);
    }

    [Fact]
    public void WithoutCreate_NothingIsMade()
    {
        using ScratchFolder folder = ScratchFolder.Create();
        Assert.Throws<FileNotFoundException>(() => BlockDevice.Open(folder.PathOf("log"), new BlockDeviceOptions { Length = 4096 }));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Create_WhereItsDirectoryIsMissing_SaysSo()
    {
        using ScratchFolder folder = ScratchFolder.Create();
        FileNotFoundException refused = Assert.Throws<FileNotFoundException>(
            () => BlockDevice.Open(folder.PathOf("missing/log"), new BlockDeviceOptions { Create = true, Direct = false }));
        Assert.Contains("its directory does not exist", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_OpensADirectory_NoMoreThanOpenDoes()
    {
        using ScratchFolder folder = ScratchFolder.Create();
        Assert.ThrowsAny<IOException>(() => BlockDevice.Open(folder.Path, new BlockDeviceOptions { Create = true }));
    }

    [Fact]
    public void OptionsThatContradictEachOther_AreRefused_BeforeAnythingIsMade()
    {
        using ScratchFolder folder = ScratchFolder.Create();
        string path = folder.PathOf("log");
        BlockDeviceOptions create = new() { Create = true, Direct = false };
        foreach (BlockDeviceOptions wrong in (BlockDeviceOptions[])
        [
            create with { Length = 0 },
            create with { Length = -4096 },
            create with { Preallocation = FilePreallocation.Space },
            create with { Length = 4096, Preallocation = (FilePreallocation)3 },
            create with { Access = DeviceAccess.Read },
            new() { Access = DeviceAccess.Read, Length = 4096 },
        ])
        {
            ArgumentException refused = Assert.ThrowsAny<ArgumentException>(() => BlockDevice.Open(path, wrong));
            Assert.Equal("options", refused.ParamName);
            Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
        }
    }

    [Fact]
    public void ALengthThatIsNotWholeBlocks_IsRefusedForDirectIo_AndTheNewFileIsRemoved()
    {
        using MountedFolder folder = MountedFolder.Ext4();
        string path = folder.PathOf("log");
        ArgumentException refused = Assert.Throws<ArgumentException>(() => BlockDevice.Open(path, new BlockDeviceOptions { Create = true, Length = 1000 }));
        Assert.Contains("1000", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
        using BlockDevice buffered = BlockDevice.Open(path, new BlockDeviceOptions { Create = true, Length = 1000, Direct = false });
        Assert.Equal(1000, buffered.Size);
    }

    [Theory]
    [InlineData(FilePreallocation.Space)]
    [InlineData(FilePreallocation.Written)]
    public void WithoutSpace_ANewFileIsRemoved_AndOneThatExistedStays(FilePreallocation preallocation)
    {
        BlockDeviceOptions options = new() { Create = true, Length = 1L << 30, Preallocation = preallocation };
        using (MountedFolder folder = MountedFolder.Ext4())
        {
            string path = folder.PathOf("log");
            IOException refused = Assert.Throws<IOException>(() => BlockDevice.Open(path, options));
            Assert.Contains("ENOSPC", refused.Message, StringComparison.Ordinal);
            Assert.False(File.Exists(path));
        }

        // On another file system: ext4 gives space that was freed away only when its journal has been written.
        using (MountedFolder folder = MountedFolder.Ext4())
        {
            string path = folder.PathOf("log");
            File.WriteAllBytes(path, Pattern.Bytes(4096));
            Assert.Throws<IOException>(() => BlockDevice.Open(path, options));
            Assert.Equal(Pattern.Bytes(4096), File.ReadAllBytes(path)[..4096]);
        }
    }

    [Fact]
    public void ABlockDevice_HasTheLengthThatItHas()
    {
        using TestDevice device = new();
        IOException refused = Assert.Throws<IOException>(() => BlockDevice.Open(device.Path, new BlockDeviceOptions { Create = true, Length = 4096 }));
        Assert.Contains("a block device", refused.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(device.Path));
        using BlockDevice opened = BlockDevice.Open(device.Path, new BlockDeviceOptions { Create = true });
        Assert.Equal(device.Device.Size, opened.Size);
    }

    [Fact]
    public void ProbeAlignment_IsThatOfAFileThere_AndLeavesNothing()
    {
        using MountedFolder folder = MountedFolder.Ext4();
        string[] before = Directory.GetFileSystemEntries(folder.Path);
        DeviceAlignment probed = BlockDevice.ProbeAlignment(folder.Path);
        Assert.Equal(before, Directory.GetFileSystemEntries(folder.Path));
        using BlockDevice file = BlockDevice.Open(
            folder.PathOf("log"), new BlockDeviceOptions { Create = true, Length = Length, Preallocation = FilePreallocation.Written });
        Assert.Equal(
            new DeviceAlignment(file.LogicalBlockSize, file.MemoryAlignment, file.OffsetAlignment, file.SegmentAlignment, file.ReadBlockSize, file.AlignmentSource),
            probed);
    }

    [Fact]
    public void ProbeAlignment_WhereNoFileCanBe_SaysWhy_AndLeavesNothing()
    {
        using ScratchFolder folder = ScratchFolder.Create();
        string file = folder.PathOf("file");
        File.WriteAllBytes(file, []);
        Assert.Throws<ArgumentException>(() => BlockDevice.ProbeAlignment(""));
        Assert.Throws<DirectoryNotFoundException>(() => BlockDevice.ProbeAlignment(folder.PathOf("missing")));
        Assert.Throws<DirectoryNotFoundException>(() => BlockDevice.ProbeAlignment(file));
        Assert.ThrowsAny<Exception>(() => BlockDevice.ProbeAlignment("/proc/self"));
        using MountedFolder full = MountedFolder.Tmpfs(4096);
        Assert.ThrowsAny<IOException>(() => BlockDevice.ProbeAlignment(full.Path));
        Assert.Empty(Directory.GetFileSystemEntries(full.Path));
    }

    /// <summary>As after a SIGKILL: the kernel keeps the claim of a program that has ended for a moment.</summary>
    [Fact]
    public void Exclusive_OnADeviceThatIsGivenBackMeanwhile_Opens()
    {
        using TestDevice device = new();
        BlockDeviceOptions exclusive = new() { Exclusive = true };
        int opened = 0;
        for (int round = 0; round < 20 && opened == 0; round++)
        {
            BlockDevice held = BlockDevice.Open(device.Path, exclusive);
            Thread giver = new(() =>
            {
                Thread.Sleep(20);
                held.Dispose();
            });
            giver.Start();
            try
            {
                BlockDevice.Open(device.Path, exclusive).Dispose();
                opened++;
            }
            catch (IOException)
            {
                // The giver got no processor in time: once more.
            }

            giver.Join();
        }

        Assert.Equal(1, opened);
    }

    private static unsafe long AllocatedBytes(BlockDevice file)
    {
        Statx stat;
        Assert.Equal(0, Libc.Statx(file.Descriptor, &stat));
        return (long)stat.stx_blocks * 512;
    }
}
