using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Cli.Bench;

/// <summary>A load that goes past this library, by handles of the run's devices.</summary>
internal abstract class HandleLoad : BenchLoad
{
    private readonly CountdownEvent _underWay;
    private readonly bool _ownsHandles;

    /// <summary>Opens the devices once more, unless there are handles.</summary>
    /// <param name="run">The run.</param>
    /// <param name="ends">How many times <see cref="SignalEnd"/> is called before all is over.</param>
    /// <param name="handles">Handles of the devices that stay open; null to open them.</param>
    /// <exception cref="RefusedException">A device can't be opened.</exception>
    protected HandleLoad(BenchRun run, int ends, IReadOnlyList<SafeFileHandle>? handles = null)
        : base(run)
    {
        _ownsHandles = handles is null;
        Handles = handles ?? [.. run.Target.Devices.Select(device => Open(device, run.Request.Writes))];
        _underWay = new CountdownEvent(ends);
    }

    public override IoCapabilities? Capabilities => null;

    public override RingCounts? Counts => null;

    public override string? WhyNotFixed => null;

    protected IReadOnlyList<SafeFileHandle> Handles { get; }

    public override bool Join(TimeSpan limit) => _underWay.Wait(limit);

    public override void Dispose()
    {
        foreach (SafeFileHandle handle in Handles.Where(_ => _ownsHandles))
            handle.Dispose();
        _underWay.Dispose();
    }

    protected void SignalEnd() => _underWay.Signal();

    /// <summary>Whether as much was transferred as was asked for; otherwise the run ends.</summary>
    protected bool IsWhole(long transferred)
    {
        if (transferred == Run.Request.BlockBytes)
            return true;
        string what = transferred < 0 ? Errno.Name((int)-transferred) : $"{transferred} bytes instead of {Run.Request.BlockBytes}";
        Run.Fail(new IOException(what));
        return false;
    }

    private static SafeFileHandle Open(BlockDevice device, bool writes)
    {
        int flags = (writes ? FileAbi.O_RDWR : FileAbi.O_RDONLY) | FileAbi.O_CLOEXEC | (device.IsDirect ? FileAbi.O_DIRECT : 0);
        int descriptor = Libc.Open(device.Path, flags, 0);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new RefusedException(device.Path, $"can't be opened: {Errno.Name(-descriptor)}", "");
    }
}
