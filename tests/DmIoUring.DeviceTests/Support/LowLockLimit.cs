using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Support;

/// <summary>Runs an explicit test again in a process that may lock little memory.</summary>
internal static class LowLockLimit
{
    /// <summary>Asserts that it passes there.</summary>
    /// <param name="type">The test's class.</param>
    /// <param name="method">The test.</param>
    /// <param name="bytes">How much the process may lock.</param>
    public static void AssertPasses(Type type, string method, string bytes = "65536")
    {
        Require.That(Environment.IsPrivilegedProcess ? null : "the limit is lowered by root's tools");
        ExplicitTest.AssertPasses(["setpriv", "--inh-caps=-ipc_lock", "--bounding-set=-ipc_lock", "prlimit", "--memlock=" + bytes], type, method);
    }
}
