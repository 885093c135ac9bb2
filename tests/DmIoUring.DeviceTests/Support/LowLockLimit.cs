using DmIoUring.Testing;

namespace DmIoUring.DeviceTests.Support;

/// <summary>Runs an explicit test again in a process that may lock 64 KiB of memory.</summary>
internal static class LowLockLimit
{
    public static void AssertPasses(Type type, string method)
    {
        Require.That(Environment.IsPrivilegedProcess ? null : "the limit is lowered by root's tools");
        ExplicitTest.AssertPasses(["setpriv", "--inh-caps=-ipc_lock", "--bounding-set=-ipc_lock", "prlimit", "--memlock=65536"], type, method);
    }
}
