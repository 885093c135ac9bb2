using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DmIoUring.ScratchDevices;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.RemoteLegs;

/// <summary>The kernel's own NVMe target, over TCP, with a loop device.</summary>
internal sealed class NvmeTcpTarget : IDisposable
{
    private const string Root = "/sys/kernel/config/nvmet";
    private const string Port = Root + "/ports/1";
    private const int ServerPort = 14420;
    private readonly LoopDevice _medium = LoopDevice.Create(RemoteLeg.Size);
    private readonly string _subsystem;

    public NvmeTcpTarget()
    {
        _subsystem = $"{Root}/subsystems/{Name}";
        Directory.CreateDirectory(_subsystem);
        File.WriteAllText(_subsystem + "/attr_allow_any_host", "1");
        Directory.CreateDirectory(_subsystem + "/namespaces/1");
        File.WriteAllText(_subsystem + "/namespaces/1/device_path", _medium.Path);
        File.WriteAllText(_subsystem + "/namespaces/1/enable", "1");
        Directory.CreateDirectory(Port);
        File.WriteAllText(Port + "/addr_adrfam", "ipv4");
        File.WriteAllText(Port + "/addr_trtype", "tcp");
        File.WriteAllText(Port + "/addr_traddr", "127.0.0.1");
        File.WriteAllText(Port + "/addr_trsvcid", ServerPort.ToString(CultureInfo.InvariantCulture));
        Directory.CreateSymbolicLink($"{Port}/subsystems/{Name}", _subsystem);
    }

    /// <summary>The name of the subsystem.</summary>
    public string Name { get; } = FormattableString.Invariant($"dmio-{Environment.ProcessId}-{Environment.TickCount64}");

    public SafeFileHandle Medium => _medium.BackingHandle;

    public static string? WhyUnavailable() =>
        Directory.Exists(Root) ? null : $"there is no {Root}; the modules nvmet and nvmet-tcp are not loaded, or configfs is not mounted";

    public static Socket Connect()
    {
        Socket server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        server.Connect(IPAddress.Loopback, ServerPort);
        return server;
    }

    public void Dispose()
    {
        File.Delete($"{Port}/subsystems/{Name}");
        Directory.Delete(Port);
        File.WriteAllText(_subsystem + "/namespaces/1/enable", "0");
        Directory.Delete(_subsystem + "/namespaces/1");
        Directory.Delete(_subsystem);
        _medium.Dispose();
    }
}
