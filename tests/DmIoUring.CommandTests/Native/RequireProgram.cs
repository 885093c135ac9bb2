using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>Programs that a test needs.</summary>
internal static class RequireProgram
{
    /// <summary>Ends the test where one of the programs is not found.</summary>
    public static void All(params string[] programs) =>
        Require.That(Array.Find(programs, static program => ChildProcess.Run("sh", "-c", "command -v " + program)!.ExitCode != 0) is { } missing
            ? $"there is no {missing}"
            : null);

    public static void QemuIo() => Require.That(ChildProcess.Run("qemu-io", "--version") is null ? "there is no qemu-io: apt-get install qemu-utils" : null);
}
