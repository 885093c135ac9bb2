using System.Globalization;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>In a container of Podman's: under the profile that it brings, and with what docs/containers.md adds to that.</summary>
public sealed class ContainerTests
{
    [Fact]
    public void UnderTheEnginesOwnProfile_WorkersServe_AndTheProfileIsNamed() => SecondRun.AssertPasses(
        InContainer(
            [],
            "env",
            string.Create(CultureInfo.InvariantCulture, $"{ForbiddenOrNotTests.ErrnoVariable}={Errno.ENOSYS}"),
            $"{ForbiddenOrNotTests.CauseVariable}={IoUringRefusal.Seccomp}"),
        typeof(ForbiddenOrNotTests));

    [Fact]
    public void UnderTheProfileOfTheDocument_IoUringServes()
    {
        using ScratchFolder folder = ScratchFolder.Create();
        Directory.CreateSymbolicLink(folder.PathOf("docs"), Path.Combine(AppContext.BaseDirectory, "docs"));
        string merge = Assert.Single(File.ReadLines(folder.PathOf("docs/containers.md")), line => line.StartsWith("jq ", StringComparison.Ordinal));
        ChildProcess? merged = ChildProcess.Run("env", "-C", folder.Path, "bash", "-c", merge);
        Assert.True(merged is { ExitCode: 0 }, merge + ": " + merged?.Errors);
        SecondRun.AssertPasses(InContainer(["--security-opt", "seccomp=" + folder.PathOf("profile.json")]), typeof(ForbiddenOrNotTests));
    }

    private static string[] InContainer(string[] options, params string[] command)
    {
        string[] run = ["unshare", "--mount", "bash", Path.Combine(AppContext.BaseDirectory, "in-container.sh"), .. options, "--"];
        Require.That(ChildProcess.Run(run[0], [.. run[1..], "true"]) switch
        {
            null => "there is no unshare: apt-get install util-linux",
            { ExitCode: 0 } => null,
            { Errors: string errors } => "no container starts here (apt-get install podman crun, as root): " + errors,
        });
        return [.. run, .. command];
    }
}
