using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Cli.Demo;

/// <summary>One of the demo's devices, opened once: dmio and RandomAccess use the same descriptor.</summary>
internal sealed class DemoLeg : IDisposable
{
    private readonly IDisposable _owner;

    private DemoLeg(string path, string description, IDisposable owner, SafeFileHandle handle)
    {
        Path = path;
        Description = description;
        _owner = owner;
        Handle = handle;
        Device = BlockDevice.FromHandle(handle);
    }

    public string Path { get; }

    public string Description { get; }

    public SafeFileHandle Handle { get; }

    public BlockDevice Device { get; }

    /// <summary>With direct I/O where the file system has it.</summary>
    public static DemoLeg Open(string path, string description, IDisposable owner)
    {
        int flags = FileAbi.O_RDWR | FileAbi.O_CLOEXEC;
        int descriptor = Libc.Open(path, flags | FileAbi.O_DIRECT, 0);
        if (descriptor == -Errno.EINVAL)
            descriptor = Libc.Open(path, flags, 0);
        if (descriptor < 0)
            throw new IOException($"{path} can't be opened: {Errno.Name(-descriptor)}", -descriptor);
        return new DemoLeg(path, description, owner, new SafeFileHandle(descriptor, ownsHandle: true));
    }

    public void Dispose()
    {
        Device.Dispose();
        Handle.Dispose();
        _owner.Dispose();
    }
}
