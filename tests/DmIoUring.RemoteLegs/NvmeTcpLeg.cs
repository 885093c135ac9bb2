using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using DmIoUring.ScratchDevices;

namespace DmIoUring.RemoteLegs;

/// <summary>The kernel's NVMe over TCP, with the kernel's own target on this machine as its server.</summary>
internal sealed class NvmeTcpLeg : RemoteLeg
{
    private const string Target = "/sys/kernel/config/nvmet";
    private const string Fabrics = "/dev/nvme-fabrics";
    private const int ServerPort = 14420;
    private readonly string _name = FormattableString.Invariant($"dmio-{Environment.ProcessId}-{Environment.TickCount64}");
    private readonly LoopDevice _medium = LoopDevice.Create(Size);
    private readonly FileStream _fabrics = new(Fabrics, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
    private readonly string _controller;

    /// <summary>Makes a target and connects to it through the relay.</summary>
    /// <param name="lossLimit">ctrl_loss_tmo in seconds: how long it tries to connect again before the device goes.</param>
    /// <param name="failLimit">fast_io_fail_tmo in seconds: how long requests wait for that; null for as long as it takes.</param>
    public NvmeTcpLeg(int lossLimit, int? failLimit)
    {
        MakeTarget();
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Relay = new Relay(listener, static () =>
        {
            Socket server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            server.Connect(IPAddress.Loopback, ServerPort);
            return server;
        });
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        string fail = failLimit is { } seconds ? FormattableString.Invariant($",fast_io_fail_tmo={seconds}") : "";
        _fabrics.Write(Encoding.ASCII.GetBytes(FormattableString.Invariant(
            $"transport=tcp,traddr=127.0.0.1,trsvcid={port},nqn={_name},keep_alive_tmo=2,reconnect_delay=1,ctrl_loss_tmo={lossLimit}{fail}")));
        byte[] answer = new byte[128];
        string told = Encoding.ASCII.GetString(answer, 0, _fabrics.Read(answer));
        _controller = "nvme" + told.Split(',')[0].Split('=')[1].Trim();
        string? block = null;
        Tool.WaitFor("the namespace of " + _controller, () => (block = FindBlock()) is not null);
        Path = "/dev/" + block;
        Tool.WaitFor(Path, () => File.Exists(Path));
    }

    public override string Path { get; }

    public override Relay Relay { get; }

    public static string? WhyUnavailable() =>
        !File.Exists(Fabrics) ? $"there is no {Fabrics}; the kernel's module nvme-tcp is not loaded or not there"
        : !Directory.Exists(Target) ? $"there is no {Target}; the modules nvmet and nvmet-tcp are not loaded, or configfs is not mounted"
        : null;

    public override void Dispose()
    {
        Relay.GoOn();
        string delete = $"/sys/class/nvme/{_controller}/delete_controller";
        if (File.Exists(delete))
            File.WriteAllText(delete, "1");
        Relay.Dispose();
        _fabrics.Dispose();
        File.Delete($"{Target}/ports/1/subsystems/{_name}");
        Directory.Delete($"{Target}/ports/1");
        Write("namespaces/1/enable", "0");
        Directory.Delete($"{Target}/subsystems/{_name}/namespaces/1");
        Directory.Delete($"{Target}/subsystems/{_name}");
        _medium.Dispose();
    }

    private void MakeTarget()
    {
        Directory.CreateDirectory($"{Target}/subsystems/{_name}");
        Write("attr_allow_any_host", "1");
        Directory.CreateDirectory($"{Target}/subsystems/{_name}/namespaces/1");
        Write("namespaces/1/device_path", _medium.Path);
        Write("namespaces/1/enable", "1");
        string port = $"{Target}/ports/1";
        Directory.CreateDirectory(port);
        File.WriteAllText(port + "/addr_adrfam", "ipv4");
        File.WriteAllText(port + "/addr_trtype", "tcp");
        File.WriteAllText(port + "/addr_traddr", "127.0.0.1");
        File.WriteAllText(port + "/addr_trsvcid", ServerPort.ToString(CultureInfo.InvariantCulture));
        Directory.CreateSymbolicLink($"{port}/subsystems/{_name}", $"{Target}/subsystems/{_name}");
    }

    private void Write(string attribute, string value) => File.WriteAllText($"{Target}/subsystems/{_name}/{attribute}", value);

    /// <summary>The namespace's block device: with native multipath that of the subsystem, whose paths are hidden.</summary>
    private string? FindBlock() => Directory.GetDirectories("/sys/block", "nvme*")
        .Where(block => !(File.Exists(block + "/hidden") && File.ReadAllText(block + "/hidden").Trim() is "1"))
        .Where(block => File.Exists(block + "/device/subsysnqn") && string.Equals(File.ReadAllText(block + "/device/subsysnqn").Trim(), _name, StringComparison.Ordinal))
        .Select(static block => System.IO.Path.GetFileName(block))
        .FirstOrDefault();
}
