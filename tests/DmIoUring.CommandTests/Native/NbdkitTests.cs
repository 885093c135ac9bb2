using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>The nbdkit plugin over libdmio, judged by clients that nobody here wrote: nbdcopy, nbdinfo, qemu-io.</summary>
[Collection(nameof(NativeLibraryCollection))]
public sealed class NbdkitTests(NativeLibrary library) : IDisposable
{
    private const int Size = 8 << 20;
    private const int IoError = 5;
    private const int NoSpace = 28;

    private readonly ScratchFolder _folder = ScratchFolder.Create();

    /// <summary>The last leg is larger than the others: the smallest is the size.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Image_GoesInAndBack_AndEachLegAloneIsTheImage(int count)
    {
        byte[] image = Image();
        string[] legs = [.. Enumerable.Range(0, count).Select(i => Leg($"leg{i}", i == count - 1 ? Size + 4096 : Size))];
        ChildProcess run = Serve(legs, $"nbdinfo --size \"$uri\" && nbdcopy '{PathOf("image")}' \"$uri\" && nbdcopy --flush \"$uri\" '{PathOf("back")}'");

        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Equal($"{Size}", run.Output.Trim());
        Assert.DoesNotContain("degraded", run.Errors, StringComparison.Ordinal);
        AssertIs(image, PathOf("back"));
        Assert.All(legs, leg => AssertIs(image, leg));
    }

    [Fact]
    public void QemuIo_ReadsWhatItWrote_ThroughZeroesDiscardsAndFlushes()
    {
        Require.That(ChildProcess.Run("qemu-io", "--version") is null ? "there is no qemu-io: apt-get install qemu-utils" : null);
        string[] legs = [Leg("a", Size), Leg("b", Size)], commands =
        [
            "write -P 0xa5 0 2M", "write -f -P 0x5a 1M 64k", "write -P 0x11 512 512", "flush", "write -z 256k 64k", "write -z -u 384k 4k", "discard 4M 1M",
            "aio_write -P 0x77 6M 1M", "aio_write -P 0x78 7M 64k", "aio_flush", "flush",
            "read -P 0xa5 0 512", "read -P 0x11 512 512", "read -P 0xa5 1k 255k", "read -P 0 256k 64k", "read -P 0 384k 4k", "read -P 0x5a 1M 64k", "read -P 0xa5 1088k 960k",
            "read -P 0x77 6M 1M", "read -P 0x78 7M 64k",
        ];
        ChildProcess run = Serve(legs, $"qemu-io -f raw {string.Join(' ', commands.Select(static command => $"-c '{command}'"))} \"$uri\"");

        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.DoesNotContain("failed", run.Output + run.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("error", run.Output + run.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(File.ReadAllBytes(legs[0]), File.ReadAllBytes(legs[1]));
    }

    /// <summary>From the third MiB on the first leg writes nothing: it is degraded, once, and what is read is the other's.</summary>
    [Fact]
    public void Leg_ThatFailsInTheMiddle_IsDegraded_AndTheDataReadsBack()
    {
        RequireFault.Here();
        byte[] image = Image();
        using FaultFile faulty = FaultFile.Create(Size);
        using Fault fault = faulty.Fail(MediumOperations.Write, IoError, firstSector: (3 << 20) / IoRegion.SectorSize);
        string healthy = Leg("healthy", Size);
        ChildProcess run = Serve([faulty.Path, healthy], $"nbdcopy '{PathOf("image")}' \"$uri\" && nbdcopy \"$uri\" '{PathOf("back")}'");

        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Equal(2, run.Errors.Split("degraded, leg 1 of 2").Length);
        Assert.DoesNotContain("leg 2 of 2", run.Errors, StringComparison.Ordinal);
        AssertIs(image, PathOf("back"));
        AssertIs(image, healthy);
    }

    /// <summary>Both in one request; each line has its leg's own error.</summary>
    [Fact]
    public void Legs_ThatFailInOneWrite_AreEachToldOnce()
    {
        RequireFault.Here();
        byte[] image = Image();
        using FaultFile first = FaultFile.Create(Size), second = FaultFile.Create(Size);
        using Fault one = first.Fail(MediumOperations.Write, IoError, firstSector: (3 << 20) / IoRegion.SectorSize);
        using Fault other = second.Fail(MediumOperations.Write, NoSpace, firstSector: (3 << 20) / IoRegion.SectorSize);
        string healthy = Leg("healthy", Size);
        ChildProcess run = Serve([first.Path, second.Path, healthy], $"nbdcopy '{PathOf("image")}' \"$uri\"");

        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        string[] lines = [.. run.Errors.Split('\n').Where(static line => line.Contains("degraded, leg", StringComparison.Ordinal))];
        Assert.Equal(2, lines.Length);
        Assert.Contains("EIO", Assert.Single(lines, static line => line.Contains("leg 1 of 3", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("ENOSPC", Assert.Single(lines, static line => line.Contains("leg 2 of 3", StringComparison.Ordinal)), StringComparison.Ordinal);
        AssertIs(image, healthy);
    }

    [Fact]
    public void Leg_ThatLosesItsEnd_IsDegraded_AndTheOtherIsRead()
    {
        byte[] image = Image();
        string[] legs = [Leg("short", Size), Leg("whole", Size)];
        ChildProcess run = Serve(
            legs, $"nbdcopy --flush '{PathOf("image")}' \"$uri\" && truncate -s 1M '{legs[0]}' && nbdcopy \"$uri\" '{PathOf("back")}'");

        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Contains("degraded, leg 1 of 2", run.Errors, StringComparison.Ordinal);
        AssertIs(image, PathOf("back"));
    }

    /// <summary>An error, and never zeroes.</summary>
    [Fact]
    public void Legs_ThatAllFail_AreAnError()
    {
        RequireFault.Here();
        _ = Image();
        using FaultFile first = FaultFile.Create(Size), second = FaultFile.Create(Size);
        using Fault one = first.Fail(MediumOperations.Read | MediumOperations.Write, IoError), other = second.Fail(MediumOperations.Read, IoError);
        ChildProcess read = Serve([first.Path, second.Path], $"nbdcopy \"$uri\" '{PathOf("back")}'");
        Assert.NotEqual(0, read.ExitCode);
        Assert.Contains("degraded, leg 1 of 2", read.Errors, StringComparison.Ordinal);
        Assert.Contains("degraded, leg 2 of 2", read.Errors, StringComparison.Ordinal);
        Assert.Contains("Input/output error", read.Errors, StringComparison.Ordinal);

        using Fault writes = second.Fail(MediumOperations.Write, IoError);
        ChildProcess write = Serve([first.Path, second.Path], $"nbdcopy '{PathOf("image")}' \"$uri\"");
        Assert.NotEqual(0, write.ExitCode);
        Assert.Contains("Input/output error", write.Errors, StringComparison.Ordinal);
    }

    /// <summary>nbdkit forks into the background, and serves from the child.</summary>
    [Fact]
    public void Background_IsServed()
    {
        byte[] image = Image();
        string leg = Leg("leg", Size), socket = PathOf("socket"), process = PathOf("process");
        string script =
            $"nbdkit -U '{socket}' -P '{process}' '{Plugin()}' leg='{leg}' && nbdcopy --flush '{PathOf("image")}' 'nbd+unix:///?socket={socket}'; status=$?; " +
            $"kill $(cat '{process}'); exit $status";
        ChildProcess run = ChildProcess.Run("sh", "-c", script)!;

        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        AssertIs(image, leg);
    }

    [Fact]
    public void Legs_ThatAreMissing_AreSaid()
    {
        string plugin = Plugin();
        Assert.Contains("name the legs", ChildProcess.Run("nbdkit", plugin, "--run", "true")!.Errors, StringComparison.Ordinal);
        ChildProcess absent = ChildProcess.Run("nbdkit", plugin, "leg=" + PathOf("absent"), "--run", "true")!;
        Assert.NotEqual(0, absent.ExitCode);
        Assert.Contains("absent", absent.Errors, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertIs(byte[] image, string path) => Assert.True(File.ReadAllBytes(path).AsSpan(0, image.Length).SequenceEqual(image), path + " is not the image");

    private string Plugin() => NbdkitPlugin.Compile(library);

    private ChildProcess Serve(string[] legs, string script) => NbdkitPlugin.Serve(Plugin(), legs, script);

    /// <summary>Random bytes with a hole.</summary>
    private byte[] Image()
    {
        byte[] image = new byte[Size];
        new Random(20).NextBytes(image);
        image.AsSpan(1 << 20, 1 << 20).Clear();
        File.WriteAllBytes(PathOf("image"), image);
        return image;
    }

    /// <summary>A file that is full of something else.</summary>
    private string Leg(string name, int bytes)
    {
        byte[] old = new byte[bytes];
        old.AsSpan().Fill(0xEE);
        File.WriteAllBytes(PathOf(name), old);
        return PathOf(name);
    }

    private string PathOf(string name) => _folder.PathOf(name);
}
