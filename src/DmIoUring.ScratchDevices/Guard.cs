using System.Diagnostics;
using System.Globalization;
using DmIoUring.Interop;

namespace DmIoUring.ScratchDevices;

/// <summary>
/// A small process that cleans up after this one when it is killed. For what the kernel doesn't undo by itself because
/// a stuck request keeps the killed process half alive, with its descriptors open: a frozen file system, a file system in user space.
/// </summary>
/// <remarks>
/// A pipe would tell nothing while the descriptors stay open, so it looks at /proc five times a second: the process is gone,
/// a zombie, another one of the same number, or has a SIGKILL that it can't act on.
/// </remarks>
public sealed class Guard : IDisposable
{
    private const string Script = """
        exec </dev/null >/dev/null 2>&1
        cd /
        owner=$1 birth=$2 cleanup=$3
        shift 3
        lives() {
          read -r stat <"/proc/$owner/stat" || return 1
          while read -r name mask _; do
            case $name$mask in
              SigPnd:*[13579bdf]?? | ShdPnd:*[13579bdf]??) return 1 ;;
            esac
          done <"/proc/$owner/status"
          set -- ${stat##*)}
          [ "$1" != Z ] && [ "$1" != X ] && [ "${20}" = "$birth" ]
        }
        trap 'kill $!; exit 0' TERM
        while lives; do
          sleep 0.2 &
          wait $!
        done
        trap '' TERM
        tries=0
        while eval "$cleanup"; [ -d "/proc/$owner" ] && [ $((tries += 1)) -lt 25 ]; do
          sleep 0.2
        done
        """;

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(10);
    private readonly Process _process;
    private bool _disposed;

    private Guard(Process process) => _process = process;

    /// <summary>Starts a guard. Start it before you make what it guards.</summary>
    /// <param name="cleanUp">
    /// What a shell runs when this process is killed, again and again for some seconds until the process is gone; <c>"$1"</c> and so on
    /// are the arguments.
    /// </param>
    /// <param name="arguments">What the clean-up is about.</param>
    /// <returns>The guard.</returns>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no <c>setsid</c> here: it comes with util-linux.</exception>
    public static Guard Start(string cleanUp, params ReadOnlySpan<string> arguments)
    {
        ArgumentException.ThrowIfNullOrEmpty(cleanUp);

        // A session of its own: a terminal's Ctrl+C and a group's kill end the process and not its guard.
        ProcessStartInfo start = new("setsid") { UseShellExecute = false };
        string[] fixedArguments = ["sh", "-c", Script, "dmio-guard", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), Birth(), cleanUp];
        foreach (string argument in (ReadOnlySpan<string>)[.. fixedArguments, .. arguments])
            start.ArgumentList.Add(argument);
        return new Guard(Process.Start(start)!);
    }

    /// <summary>Ends the guard without a clean-up: the owner has done it.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (!_process.HasExited)
            _ = Libc.Kill(_process.Id, FuseAbi.SIGTERM);
        if (!_process.WaitForExit(EndPatience))
            _process.Kill();
        _process.Dispose();
    }

    /// <summary>When this process began, in the kernel's own words: a number alone may be another process by tomorrow.</summary>
    private static string Birth()
    {
        string stat = File.ReadAllText("/proc/self/stat");

        // The second field, the name, may hold anything; the start is the 22nd, and the third is the first after it.
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[22 - 3];
    }
}
