using DmIoUring.DeviceTests.Faults;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>A file whose writes the kernel holds until <see cref="Thaw"/>: its file system, on a loop device, is frozen.</summary>
internal sealed class FrozenFile : IDisposable
{
    private const int Size = 1 << 20;
    private readonly MountedFolder _folder = MountedFolder.Ext4();
    private bool _frozen;

    public FrozenFile()
    {
        try
        {
            string path = _folder.PathOf("medium");
            byte[] fill = new byte[Size];
            Array.Fill(fill, TestDevice.Untouched);
            File.WriteAllBytes(path, fill);
            Device = BlockDevice.Open(path);
            _frozen = _folder.Freeze(on: true);
            Require.That(_frozen ? null : "fsfreeze refuses");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public BlockDevice Device { get; } = null!;

    /// <summary>The threads that write for this process, the kernel's or the library's, and sleep where only the file system can wake them.</summary>
    public static HashSet<string> StuckWriters() => [.. Directory.GetDirectories("/proc/self/task").Where(static task =>
    {
        try
        {
            // "3127 (iou-wrk-3120) D ...", proc_pid_stat(5).
            string stat = File.ReadAllText(task + "/stat");
            return (stat.Contains("(iou-wrk-", StringComparison.Ordinal) || stat.Contains("(dmio worker", StringComparison.Ordinal)) && stat[stat.LastIndexOf(')')..].StartsWith(") D", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    })];

    public void Thaw()
    {
        if (_frozen)
            _folder.Freeze(on: false);
        _frozen = false;
    }

    /// <summary>What the file has now.</summary>
    public byte[] Medium() => File.ReadAllBytes(_folder.PathOf("medium"));

    public void Dispose()
    {
        Thaw();
        Device?.Dispose();
        _folder.Dispose();
    }
}
