using System.Globalization;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>A file system of a test's own, which goes with the test even when that is killed.</summary>
internal sealed class MountedFolder : IDisposable
{
    private readonly ScratchFolder _folder = ScratchFolder.Create();
    private readonly Guard _guard;
    private readonly IDisposable? _device;

    private MountedFolder(IDisposable? device, params string[] mount)
    {
        _device = device;

        // Frozen, it can't be unmounted, and a process that is killed with a write in it can't even end.
        _guard = Guard.Start("fsfreeze -u \"$1\"; umount -l \"$1\"; rmdir \"$1\"", _folder.Path);
        ChildProcess? mounted = ChildProcess.Run("mount", [.. mount, _folder.Path]);
        if (mounted is { ExitCode: 0 })
            return;
        Dispose();
        Require.That("mount refuses: " + mounted?.Errors);
    }

    public string Path => _folder.Path;

    /// <summary>An ext4 on a loop device.</summary>
    public static MountedFolder Ext4() => Made("ext4", 32 << 20, "-q", "-F");

    /// <summary>An ext4 on a compressed RAM disk, without a journal: what flushes after each of a thousand writes has no use for one.</summary>
    public static MountedFolder Ext4On(ZramDevice zram) => Made("ext4", zram, zram.Path, "-q", "-F", "-O", "^has_journal");

    /// <summary>An xfs on a loop device: from 6.16 on it has atomic writes on any device.</summary>
    public static MountedFolder Xfs() => Made("xfs", 320 << 20, "-q", "-f");

    /// <summary>A btrfs on a loop device.</summary>
    public static MountedFolder Btrfs() => Made("btrfs", 128 << 20, "-q", "-f");

    /// <summary>Memory with a bound.</summary>
    public static MountedFolder Tmpfs(int size)
    {
        RequireLoop.Here();
        return new MountedFolder(device: null, "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={size}"), "dmio");
    }

    public string PathOf(string name) => _folder.PathOf(name);

    /// <summary>Holds all writes, or lets them go; false when the file system refuses.</summary>
    public bool Freeze(bool on) => ChildProcess.Run("fsfreeze", on ? "-f" : "-u", _folder.Path) is { ExitCode: 0 };

    private static MountedFolder Made(string type, long size, params string[] options)
    {
        LoopDevice loop = RequireLoop.Create(size);
        return Made(type, loop, loop.Path, options);
    }

    private static MountedFolder Made(string type, IDisposable device, string path, params string[] options)
    {
        ChildProcess? made = ChildProcess.Run("mkfs." + type, [.. options, path]);
        if (made is not { ExitCode: 0 })
        {
            device.Dispose();
            Require.That($"mkfs.{type} refuses: {made?.Errors ?? "it is not installed"}");
        }

        return new MountedFolder(device, "-t", type, path);
    }

    public void Dispose()
    {
        ChildProcess.Run("umount", "-l", _folder.Path);
        _device?.Dispose();
        _folder.Dispose();
        _guard.Dispose();
    }
}
