using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>The nbdkit plugin over libdmio, compiled, and nbdkit with it.</summary>
internal static class NbdkitPlugin
{
    /// <summary>Compiles it.</summary>
    /// <returns>Its path.</returns>
    public static string Compile(NativeLibrary library)
    {
        Require.That(
            ChildProcess.Run("nbdkit", "--version") is null || ChildProcess.Run("nbdcopy", "--version") is null || !File.Exists("/usr/include/nbdkit-plugin.h")
                ? "there is no nbdkit: apt-get install nbdkit nbdkit-plugin-dev libnbd-bin"
                : null);
        return library.Compile(NativeLibrary.PathOf("src/DmIoUring.Native/nbdkit/nbdkit-dmio-plugin.c"), "-shared", "-fPIC");
    }

    /// <summary>Runs a script while nbdkit serves the legs.</summary>
    public static ChildProcess Serve(string plugin, IEnumerable<string> legs, string script) =>
        ChildProcess.Run("nbdkit", ["-U", "-", plugin, .. legs.Select(static leg => "leg=" + leg), "--run", script])!;
}
