using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DmIoUring.RemoteLegs;

/// <summary>The kernel's NVMe over TCP.</summary>
internal sealed class NvmeTcpLeg : RemoteLeg
{
    private const string Fabrics = "/dev/nvme-fabrics";
    private readonly string _subsystem;
    private readonly FileStream _fabrics = new(Fabrics, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
    private readonly string _controller;

    /// <summary>Connects to a target through a relay of its own.</summary>
    /// <param name="target">The target.</param>
    /// <param name="lossLimit">ctrl_loss_tmo in seconds: how long it tries to connect again before the device goes.</param>
    /// <param name="failLimit">fast_io_fail_tmo in seconds: how long requests wait for that; null for as long as it takes.</param>
    public NvmeTcpLeg(NvmeTcpTarget target, int lossLimit, int? failLimit)
    {
        _subsystem = target.Name;
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Relay = new Relay(listener, NvmeTcpTarget.Connect);
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        string fail = failLimit is { } seconds ? FormattableString.Invariant($",fast_io_fail_tmo={seconds}") : "";
        _fabrics.Write(Encoding.ASCII.GetBytes(FormattableString.Invariant(
            $"transport=tcp,traddr=127.0.0.1,trsvcid={port},nqn={_subsystem},keep_alive_tmo=2,reconnect_delay=1,ctrl_loss_tmo={lossLimit}{fail}")));
        byte[] answer = new byte[128];
        string told = Encoding.ASCII.GetString(answer, 0, _fabrics.Read(answer));
        _controller = "/sys/class/nvme/nvme" + told.Split(',')[0].Split('=')[1].Trim();
        string? block = null;
        Tool.WaitFor("the namespace of " + _controller, () => (block = FindBlock()) is not null);
        Path = "/dev/" + block;
        Tool.WaitFor(Path, () => File.Exists(Path));
    }

    public override string Path { get; }

    public override Relay Relay { get; }

    public static string? WhyUnavailable() =>
        File.Exists(Fabrics) ? NvmeTcpTarget.WhyUnavailable() : $"there is no {Fabrics}; the kernel's module nvme-tcp is not loaded or not there";

    public void WaitUntilConnected() => Tool.WaitFor($"{_controller} to be connected again", () => File.ReadAllText(_controller + "/state").Trim() is "live");

    /// <summary>A new connection while the old one is tried again would be a second path to the same device.</summary>
    public void WaitUntilGivenUp() => Tool.WaitFor($"{_controller} to be given up", () => !Directory.Exists(_controller));

    public override void Dispose()
    {
        Relay.GoOn();
        string delete = _controller + "/delete_controller";
        if (File.Exists(delete))
            File.WriteAllText(delete, "1");
        Relay.Dispose();
        _fabrics.Dispose();
    }

    /// <summary>The namespace's block device: with native multipath that of the subsystem, whose paths are hidden.</summary>
    private string? FindBlock() => Directory.GetDirectories("/sys/block", "nvme*")
        .Where(block => !(File.Exists(block + "/hidden") && File.ReadAllText(block + "/hidden").Trim() is "1"))
        .Where(block => File.Exists(block + "/device/subsysnqn") && string.Equals(File.ReadAllText(block + "/device/subsysnqn").Trim(), _subsystem, StringComparison.Ordinal))
        .Select(static block => System.IO.Path.GetFileName(block))
        .FirstOrDefault();
}
