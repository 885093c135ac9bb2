using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>The nbdkit plugin with mirror=: what it records on its legs, and what it brings up to date.</summary>
[Collection(nameof(NativeLibraryCollection))]
public sealed class NbdkitMirrorTests(NativeLibrary library) : IDisposable
{
    private const int Size = 8 << 20;
    private const int IoError = 5;

    private readonly ScratchFolder _folder = ScratchFolder.Create();

    [Fact]
    public void Create_ServesWhatTheFirstLegHas_AndTheOtherIsBroughtUpToDate()
    {
        byte[] image = Image();
        string first = PathOf("image"), second = Leg("second");
        using NbdkitServer server = NbdkitServer.Start(Plugin(), "mirror=create", "leg=" + first, "leg=" + second);
        int size = server.Size;
        Assert.InRange(size, Size - (1 << 20), Size - 1);
        server.WaitForDescription("mirror of 2 legs, 2 in sync");
        _ = NbdkitServer.Client("nbdcopy", server.Uri, PathOf("back"));
        Assert.DoesNotContain("leg 1 of 2", server.Stop(), StringComparison.Ordinal);
        Assert.Equal(image.AsSpan(0, size), File.ReadAllBytes(PathOf("back")).AsSpan());
        Assert.Equal(image.AsSpan(0, size), File.ReadAllBytes(second).AsSpan(0, size));
    }

    /// <summary>The log and the description say so, and so does the next start; then the fault is gone, and what the leg lacks is copied to it.</summary>
    [Fact]
    public void Leg_ThatFails_IsDegradedAfterARestartToo_AndIsBroughtBackByTheNext()
    {
        RequireFault.Here();
        byte[] image = Image();
        using FaultFile faulty = FaultFile.Create(Size);
        string healthy = Leg("healthy"), plugin = Plugin();
        string[] legs = ["leg=" + faulty.Path, "leg=" + healthy];
        int size;
        using (Fault fault = faulty.Fail(MediumOperations.Write, IoError, firstSector: (3 << 20) / IoRegion.SectorSize, sectors: 2048))
        {
            using NbdkitServer server = NbdkitServer.Start(plugin, ["mirror=create", "equal=true", .. legs]);
            size = server.Size;
            File.WriteAllBytes(PathOf("cut"), image[..size]);
            _ = NbdkitServer.Client("nbdcopy", "--flush", PathOf("cut"), server.Uri);
            server.WaitForDescription($"1 in sync; leg 1 of 2, {faulty.Path}: degraded, ");
            string log = server.Stop();
            Assert.Equal(2, log.Split("degraded, leg 1 of 2").Length);
            Assert.DoesNotContain("leg 2 of 2", log, StringComparison.Ordinal);

            using NbdkitServer again = NbdkitServer.Start(plugin, ["mirror=open", "resync=false", .. legs]);
            again.WaitForDescription("1 in sync");
            Assert.Contains("degraded, leg 1 of 2", again.Stop(), StringComparison.Ordinal);
        }

        using NbdkitServer healed = NbdkitServer.Start(plugin, ["mirror=open", .. legs]);
        healed.WaitForDescription("mirror of 2 legs, 2 in sync");
        _ = healed.Stop();
        Assert.Equal(image.AsSpan(0, size), faulty.Read(0, size / IoRegion.SectorSize).AsSpan());
        Assert.Equal(image.AsSpan(0, size), File.ReadAllBytes(healthy).AsSpan(0, size));
    }

    [Fact]
    public void Leg_ThatIsMissing_IsRefused_OrSaidWhereItIsAllowed()
    {
        string plugin = Plugin();
        string[] legs = ["leg=" + Leg("a"), "leg=" + Leg("b")];
        Serve(plugin, ["mirror=create", "equal=true", .. legs]);
        Assert.Contains("missing", Refuse(plugin, "mirror=open", legs[0]), StringComparison.OrdinalIgnoreCase);
        File.Delete(PathOf("b"));
        Assert.Contains("/b:", Refuse(plugin, ["mirror=open", .. legs]), StringComparison.Ordinal);
        using NbdkitServer server = NbdkitServer.Start(plugin, "mirror=open", "missing=true", legs[0]);
        server.WaitForDescription("1 in sync; leg 2 of 2, (no device): missing");
        Assert.Contains("missing, leg 2 of 2", server.Stop(), StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_ThatAreInvalid_AreRefused()
    {
        string plugin = Plugin(), a = "leg=" + Leg("a"), b = "leg=" + Leg("b");
        Assert.Contains("open or create", Refuse(plugin, a, b, "mirror=maybe"), StringComparison.Ordinal);
        Assert.Contains("mirror=create", Refuse(plugin, a, b, "mirror=open", "equal=true"), StringComparison.Ordinal);
        Assert.Contains("is no leg", Refuse(plugin, a, b, "mirror=open"), StringComparison.Ordinal);
        Assert.Contains("1 legs", Refuse(plugin, a, "mirror=create"), StringComparison.Ordinal);
        Serve(plugin, "mirror=create", a, b);
        Assert.Contains("belongs to mirror", Refuse(plugin, a, b, "mirror=create"), StringComparison.Ordinal);
        Serve(plugin, "mirror=create", "overwrite=true", a, b);
    }

    public void Dispose() => _folder.Dispose();

    private static void Serve(string plugin, params IEnumerable<string> parameters)
    {
        using NbdkitServer server = NbdkitServer.Start(plugin, parameters);
        _ = server.Stop();
    }

    private string Refuse(string plugin, params IEnumerable<string> parameters)
    {
        ChildProcess run = ChildProcess.Run("timeout", ["30", "nbdkit", "-f", "-U", PathOf(Guid.NewGuid().ToString("N")), plugin, .. parameters])!;
        Assert.Equal(1, run.ExitCode);
        return run.Errors;
    }

    private string Plugin() => NbdkitPlugin.Compile(library);

    private byte[] Image()
    {
        byte[] image = new byte[Size];
        new Random(21).NextBytes(image);
        File.WriteAllBytes(PathOf("image"), image);
        return image;
    }

    /// <summary>A file that is full of something else.</summary>
    private string Leg(string name)
    {
        byte[] old = new byte[Size];
        old.AsSpan().Fill(0xEE);
        File.WriteAllBytes(PathOf(name), old);
        return PathOf(name);
    }

    private string PathOf(string name) => _folder.PathOf(name);
}
