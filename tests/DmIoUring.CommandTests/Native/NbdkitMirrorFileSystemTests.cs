using System.Diagnostics;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>ext4 on the nbdkit plugin's mirror of two legs: nbdfuse and a loop device. A leg fails in the middle, comes back and is brought up to date.</summary>
[Collection(nameof(NativeLibraryCollection))]
public sealed class NbdkitMirrorFileSystemTests(NativeLibrary library) : IDisposable
{
    private const int Size = 32 << 20;
    private const int IoError = 5;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ScratchFolder _folder = ScratchFolder.Create();

    [Fact]
    public void FileSystem_IsClean_WhenALegFailsInTheMiddle_AndOnEachLegAloneAfterTheResync()
    {
        RequireFault.Here();
        RequireProgram.All("mkfs.ext4", "fsck.ext4", "nbdfuse", "losetup");
        string plugin = NbdkitPlugin.Compile(library), healthy = _folder.PathOf("healthy");
        File.WriteAllBytes(healthy, new byte[Size]);
        using FaultFile faulty = FaultFile.Create(Size, new FaultFileOptions { Logs = false });
        string[] legs = ["leg=" + faulty.Path, "leg=" + healthy];
        int size;
        using (NbdkitServer server = NbdkitServer.Start(plugin, ["mirror=create", "equal=true", "checksums=true", .. legs]))
        {
            size = server.Size;
            Task<ChildProcess> filled = Task.Run(() => Run("fill", Fill, server.Uri, NativeLibrary.PathOf("docs")));
            WaitForFile("half", filled);
            using Fault fault = faulty.Fail(MediumOperations.Changes, IoError);
            File.WriteAllText(_folder.PathOf("failing"), "");
            ChildProcess run = filled.GetAwaiter().GetResult();
            Assert.True(run.ExitCode == 0, run.Output + run.Errors);
            Assert.True(fault.Hits > 0);
            Assert.Contains("degraded, leg 1 of 2", server.Stop(), StringComparison.Ordinal);
        }

        using (NbdkitServer healed = NbdkitServer.Start(plugin, ["mirror=open", .. legs]))
        {
            healed.WaitForDescription("mirror of 2 legs, 2 in sync");
            _ = healed.Stop();
        }

        Assert.True(faulty.Read(0, size / IoRegion.SectorSize).AsSpan().SequenceEqual(File.ReadAllBytes(healthy).AsSpan(0, size)), "the legs differ");
        foreach (string leg in (string[])[faulty.Path, healthy])
        {
            ChildProcess run = Run("check", Check, leg);
            Assert.True(run.ExitCode == 0, leg + run.Output + run.Errors);
        }
    }

    public void Dispose() => _folder.Dispose();

    private void WaitForFile(string name, Task<ChildProcess> writer)
    {
        for (long start = Stopwatch.GetTimestamp(); !File.Exists(_folder.PathOf(name)); Thread.Sleep(20))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Limit, $"{name} does not come");
            if (writer.IsCompleted)
                Assert.Fail(writer.Result.Output + writer.Result.Errors);
        }
    }

    private ChildProcess Run(string name, string text, params IEnumerable<string> arguments)
    {
        string script = _folder.PathOf(name);
        File.WriteAllText(script, text);
        return ChildProcess.Run("timeout", ["-k", "10", "120", "bash", script, _folder.Path, .. arguments])!;
    }

    private const string Fill = Nbdfuse.Functions + """
        uri=$2 tree=$3
        start_nbdfuse "$uri"

        # Direct I/O on a file of FUSE is in pages, and nbdfuse passes on what it is asked for.
        device=$(losetup -b 4096 -f --show fuse/nbd)
        mkfs.ext4 -q -b 4096 "$device"
        mount "$device" mounted
        cp -r "$tree" mounted/first
        sync -f mounted
        touch half
        while [[ ! -e failing ]]; do sleep 0.05; done
        cp -r "$tree" mounted/second
        rm -r mounted/first/*a*
        head -c 4M /dev/urandom >mounted/large
        (cd mounted && find . -type f -exec sha256sum {} + | sort) >written
        umount mounted
        fsck.ext4 -fn "$device"
        take_down
        cat nbdfuse.log >&2
        """;

    private const string Check = """
        set -euo pipefail
        cd "$1"
        device=$(losetup -r -f --show "$2")
        trap '! mountpoint -q mounted || umount mounted; losetup -d "$device"' EXIT
        fsck.ext4 -fn "$device"
        mount -o ro,noload "$device" mounted
        (cd mounted && find . -type f -exec sha256sum {} + | sort) | cmp - written
        """;
}
