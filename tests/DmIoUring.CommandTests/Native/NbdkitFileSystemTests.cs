using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>File systems on a mirror of two legs: nbdkit with the plugin, nbdfuse, a loop device.</summary>
public sealed class NbdkitFileSystemTests(NativeLibrary library) : IDisposable
{
    private readonly ScratchFolder _folder = ScratchFolder.Create();

    /// <summary>Made, filled and unmounted through the mirror; each leg alone is clean afterwards and has the files. XFS makes none below 300 MiB.</summary>
    [Theory]
    [InlineData(64, "mkfs.ext4 -q", "fsck.ext4 -fn")]
    [InlineData(320, "mkfs.xfs -q", "xfs_repair -n")]
    public void FileSystem_IsCleanOnEachLegAlone(int mebibytes, string make, string check)
    {
        RequireLoop.Here();
        Require.That(File.Exists("/dev/fuse") ? null : "there is no /dev/fuse");
        RequireProgram.All(make.Split(' ')[0], check.Split(' ')[0], "nbdfuse", "losetup");
        string plugin = NbdkitPlugin.Compile(library);
        string script = _folder.PathOf("script");
        File.WriteAllText(script, Script);
        ChildProcess run = ChildProcess.Run(
            "timeout", "-k", "10", "120", "bash", script, _folder.Path, plugin, $"{mebibytes}M", make, check, NativeLibrary.PathOf("docs"))!;
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Contains("both legs are clean", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("degraded", run.Errors, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private const string Script = Nbdfuse.Functions + """
        plugin=$2 size=$3 make=$4 check=$5 tree=$6
        truncate -s "$size" first second
        sums() { (cd mounted && find . -type f -exec sha256sum {} + | sort); }

        start_nbdfuse --command nbdkit -s --exit-with-parent "$plugin" leg=first leg=second
        device=$(losetup -f --show fuse/nbd)
        $make "$device"
        mount "$device" mounted
        cp -r "$tree" mounted/
        head -c 8M /dev/urandom >mounted/large
        sums >written
        umount mounted
        $check "$device"
        take_down
        cat nbdfuse.log >&2

        cmp first second
        for leg in first second; do
          device=$(losetup -f --show "$leg")
          $check "$device"
          mount -o ro "$device" mounted
          sums | cmp - written
          umount mounted
          losetup -d "$device"
          device=
        done
        echo "both legs are clean"
        """;
}
