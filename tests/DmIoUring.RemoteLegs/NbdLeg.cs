using System.Globalization;
using System.Net.Sockets;

namespace DmIoUring.RemoteLegs;

/// <summary>The kernel's network block device.</summary>
internal sealed class NbdLeg : RemoteLeg
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dmio-nbd").FullName;

    /// <summary>Connects the first free device.</summary>
    /// <param name="server">What it is connected to, through a relay of its own.</param>
    /// <param name="timeout">nbd-client's <c>-timeout</c> in seconds; null for none.</param>
    /// <param name="netlink">Whether it is set up by netlink, nbd-client's default, or by ioctls (<c>-nonetlink</c>).</param>
    public NbdLeg(NbdServer server, int? timeout, bool netlink = true)
    {
        UnixDomainSocketEndPoint relayed = new(System.IO.Path.Combine(_folder, "relay"));
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(relayed);
        listener.Listen();
        Relay = new Relay(listener, () =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(server.Socket));
            return socket;
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

    public void Disconnect() => Tool.Run("nbd-client", "-d", Path);

    public override void Dispose()
    {
        Relay.Dispose();
        if (!IsFree(Path))
            Disconnect();
        Tool.WaitFor($"the end of {Path}", () => IsFree(Path));
        Directory.Delete(_folder, recursive: true);
    }

    private static bool IsFree(string path) => SizeOf(path) == 0;

    private static long SizeOf(string path)
    {
        string size = $"/sys/block/{System.IO.Path.GetFileName(path)}/size";
        return File.Exists(size) ? long.Parse(File.ReadAllText(size), CultureInfo.InvariantCulture) * 512 : -1;
    }
}
