using DmIoUring.Tests.Devices;

namespace DmIoUring.Tests.Support;

/// <summary>Runs an explicit test again in a process that may lock 64 KiB of memory.</summary>
internal static class LowLockLimit
{
    public static void AssertPasses(Type type, string method)
    {
        Require.That(Environment.IsPrivilegedProcess ? null : "the limit is lowered by root's tools");
        string[] arguments =
        [
            "--inh-caps=-ipc_lock", "--bounding-set=-ipc_lock", "prlimit", "--memlock=65536", Environment.ProcessPath!,
            "-explicit", "only", "-method", $"{type.FullName}.{method}",
        ];
        ChildProcess? child = ChildProcess.Run("setpriv", arguments);
        Require.That(child is null ? "there is no setpriv: apt-get install util-linux" : null);
        Assert.True(child!.ExitCode == 0, child.Output + child.Errors);
        Assert.Contains("Total: 1,", child.Output, StringComparison.Ordinal);
    }
}
