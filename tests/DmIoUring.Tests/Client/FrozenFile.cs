using DmIoUring.ScratchDevices;
using DmIoUring.Tests.Devices;
using DmIoUring.Tests.Support;

namespace DmIoUring.Tests.Client;

/// <summary>A file whose writes the kernel holds until <see cref="Thaw"/>: its file system, on a loop device, is frozen.</summary>
internal sealed class FrozenFile : IDisposable
{
    private const int Size = 1 << 20;
    private readonly ScratchFolder _folder = ScratchFolder.Create();
    private readonly LoopDevice _loop = RequireLoop.Create(32 << 20);
    private readonly Guard _guard;
    private bool _frozen;

    public FrozenFile()
    {
        // A process that is killed with a write in here can't even end before somebody else thaws it.
        _guard = Guard.Start("fsfreeze -u \"$1\"; umount -l \"$1\"; rmdir \"$1\"", _folder.Path);
        try
        {
            ChildProcess? made = ChildProcess.Run("mkfs.ext4", "-q", "-F", _loop.Path);
            Require.That(made is { ExitCode: 0 } ? null : "mkfs.ext4 refuses: " + made?.Errors);
            ChildProcess? mounted = ChildProcess.Run("mount", "-t", "ext4", _loop.Path, _folder.Path);
            Require.That(mounted is { ExitCode: 0 } ? null : "mount refuses: " + mounted?.Errors);
            string path = _folder.PathOf("medium");
            byte[] fill = new byte[Size];
            Array.Fill(fill, TestDevice.Untouched);
            File.WriteAllBytes(path, fill);
            Device = BlockDevice.Open(path);
            ChildProcess? frozen = ChildProcess.Run("fsfreeze", "-f", _folder.Path);
            _frozen = frozen is { ExitCode: 0 };
            Require.That(_frozen ? null : "fsfreeze refuses: " + frozen?.Errors);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public BlockDevice Device { get; } = null!;

    public string Folder => _folder.Path;

    public void Thaw()
    {
        if (_frozen)
            ChildProcess.Run("fsfreeze", "-u", _folder.Path);
        _frozen = false;
    }

    /// <summary>What the file has now.</summary>
    public byte[] Medium() => File.ReadAllBytes(_folder.PathOf("medium"));

    public void Dispose()
    {
        Thaw();
        Device?.Dispose();
        ChildProcess.Run("umount", _folder.Path);
        _loop.Dispose();
        _folder.Dispose();
        _guard.Dispose();
    }
}
