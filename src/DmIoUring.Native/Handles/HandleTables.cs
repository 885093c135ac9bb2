namespace DmIoUring.Native.Handles;

/// <summary>Every handle of the process.</summary>
internal static class HandleTables
{
    public static readonly HandleTable<NativeDevice> Devices = new(1, "device");
    public static readonly HandleTable<NativeClient> Clients = new(2, "client");
    public static readonly HandleTable<NativeReactor> Reactors = new(3, "reactor");
    public static readonly HandleTable<NativeRegistration> Registrations = new(4, "registration");
    public static readonly HandleTable<NativeMirror> Mirrors = new(5, "mirror");

    /// <summary>The client of a handle; NULL is that of dm_io_get.</summary>
    public static NativeClient Client(nint handle) => handle == 0 ? DefaultClient.Current : Clients.Get(handle);
}
