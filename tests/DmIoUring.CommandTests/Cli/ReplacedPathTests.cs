using DmIoUring.Cli;
using DmIoUring.Cli.Devices;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>Paths that lead elsewhere between the check and the open.</summary>
public sealed class ReplacedPathTests : IDisposable
{
    private readonly CopyFiles _files = new();

    public void Dispose() => _files.Dispose();

    public static TheoryData<string> Replacements => ["file", "link to a file", "link to a device", "folder", "fifo", "nothing"];

    [Theory]
    [MemberData(nameof(Replacements))]
    public void Open_AfterTheFileWasReplaced_IsRefused_AndOpensNothing(string replacement)
    {
        string path = _files.MakeFilled("destination", CopyFiles.SourceSize);
        PathFacts facts = PathFacts.Of(path);
        using LoopDevice loop = RequireLoop.Create(CopyFiles.SourceSize);
        File.Move(path, path + ".old");
        switch (replacement)
        {
            case "file":
                _files.MakeFilled("destination", CopyFiles.SourceSize);
                break;
            case "link to a file":
                File.CreateSymbolicLink(path, _files.Source);
                break;
            case "link to a device":
                File.CreateSymbolicLink(path, loop.Path);
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "fifo":
                Assert.Equal(0, ChildProcess.Run("mkfifo", path)!.ExitCode);
                break;
        }

        Assert.Throws<RefusedException>(() => DeviceOpener.Open(facts, DeviceAccess.ReadWrite, exclusive: true));
        Assert.True(ExclusiveClaim.IsFree(loop.Path));
    }

    [Fact]
    public void Open_AfterTheLinkWasTurnedToAnotherDevice_IsRefused()
    {
        using LoopDevice first = RequireLoop.Create(CopyFiles.SourceSize);
        using LoopDevice second = LoopDevice.Create(CopyFiles.SourceSize);
        File.CreateSymbolicLink(_files.PathOf("link"), first.Path);
        PathFacts facts = PathFacts.Of(_files.PathOf("link"));
        DeviceOpener.Open(facts, DeviceAccess.ReadWrite, exclusive: true).Dispose();
        File.Delete(_files.PathOf("link"));
        File.CreateSymbolicLink(_files.PathOf("link"), second.Path);
        Assert.Contains("was replaced", Assert.Throws<RefusedException>(
            () => DeviceOpener.Open(facts, DeviceAccess.ReadWrite, exclusive: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Copy_DestinationSwappedForAClaimedDevice_NeverWritesIt()
    {
        using LoopDevice loop = RequireLoop.Create(CopyFiles.SourceSize);
        using BlockDevice claim = BlockDevice.Open(loop.Path, new BlockDeviceOptions { Exclusive = true });
        string path = _files.PathOf("destination");
        string file = _files.MakeFilled("file", CopyFiles.SourceSize);
        string link = _files.PathOf("link");
        File.CreateSymbolicLink(path, file);
        using CancellationTokenSource done = new();
        Task swapping = Task.Run(() =>
        {
            // rename(2) is atomic: there is always one or the other.
            while (!done.IsCancellationRequested)
            {
                foreach (string target in (string[])[loop.Path, file])
                {
                    File.CreateSymbolicLink(link, target);
                    File.Move(link, path, overwrite: true);
                }
            }
        });
        try
        {
            for (int i = 0; i < 60; i++)
                Assert.Contains((await Dmio.RunAsync("copy", _files.Source, path)).ExitCode, (int[])[0, 1, 2]);
        }
        finally
        {
            await done.CancelAsync();
            await swapping;
        }

        Assert.Equal(-1, File.ReadAllBytes(loop.Path).AsSpan().IndexOfAnyExcept((byte)0));
    }
}
