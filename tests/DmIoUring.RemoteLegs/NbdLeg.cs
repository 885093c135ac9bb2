using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace DmIoUring.RemoteLegs;

/// <summary>The kernel's network block device, and nbdkit with a disk in memory as its server.</summary>
internal sealed class NbdLeg : RemoteLeg
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dmio-nbd").FullName;
    private readonly Process _server;

    /// <summary>Connects the first free device.</summary>
    /// <param name="timeout">nbd-client's <c>-timeout</c> in seconds; null for none.</param>
    /// <param name="netlink">Whether it is set up by netlink, nbd-client's default, or by ioctls (<c>-nonetlink</c>).</param>
    public NbdLeg(int? timeout, bool netlink)
    {
        string socket = System.IO.Path.Combine(_folder, "server");
        _server = Tool.Start("nbdkit", "-f", "-U", socket, "memory", Size.ToString(CultureInfo.InvariantCulture));
        Tool.WaitFor("nbdkit", () => File.Exists(socket));
        UnixDomainSocketEndPoint relayed = new(System.IO.Path.Combine(_folder, "relay"));
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(relayed);
        listener.Listen();
        Relay = new Relay(listener, () =>
        {
            Socket server = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            server.Connect(new UnixDomainSocketEndPoint(socket));
            return server;
        });
        Path = Enumerable.Range(0, 16).Select(static i => FormattableString.Invariant($"/dev/nbd{i}")).First(IsFree);
        string[] limit = timeout is { } seconds ? ["-timeout", seconds.ToString(CultureInfo.InvariantCulture)] : [];
        string[] way = netlink ? [] : ["-nonetlink"];
        Tool.Run("nbd-client", ["-unix", relayed.ToString(), Path, .. limit, .. way]);
        Tool.WaitFor("the size of " + Path, () => SizeOf(Path) == Size);
    }

    public override string Path { get; }

    public override Relay Relay { get; }

    public static string? WhyUnavailable() =>
        !File.Exists("/sys/block/nbd0/size") ? "there is no /dev/nbd0; the kernel's module nbd is not loaded or not there"
        : !Tool.IsThere("nbd-client") ? "nbd-client is not installed"
        : !Tool.IsThere("nbdkit") ? "nbdkit is not installed"
        : null;

    /// <summary>Stops the server's process, and returns when every thread of it has stopped.</summary>
    public void StopServer()
    {
        Tool.Run("kill", "-STOP", Id);
        Tool.WaitFor("the server's threads to stop", () => Array.TrueForAll(
            Directory.GetDirectories($"/proc/{Id}/task"), static thread => File.ReadAllText(thread + "/stat").Split(") ")[^1].StartsWith('T')));
    }

    public void ContinueServer() => Tool.Run("kill", "-CONT", Id);

    public void Disconnect() => Tool.Run("nbd-client", "-d", Path);

    public void KillServer() => _server.Kill();

    public override void Dispose()
    {
        Relay.Dispose();
        if (!_server.HasExited)
            _server.Kill();
        _server.Dispose();
        if (!IsFree(Path))
            Disconnect();
        Tool.WaitFor($"the end of {Path}", () => IsFree(Path));
        Directory.Delete(_folder, recursive: true);
    }

    private string Id => _server.Id.ToString(CultureInfo.InvariantCulture);

    private static bool IsFree(string path) => SizeOf(path) == 0;

    private static long SizeOf(string path)
    {
        string size = $"/sys/block/{System.IO.Path.GetFileName(path)}/size";
        return File.Exists(size) ? long.Parse(File.ReadAllText(size), CultureInfo.InvariantCulture) * 512 : -1;
    }
}
