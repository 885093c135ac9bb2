using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Requests;
using DmIoUring.Services;
using DmIoUring.Threading;

namespace DmIoUring.Native.Handles;

/// <summary>A mirror that C has opened. Its calls wait, so none may be made where its own requests' ends could wait for the thread.</summary>
internal sealed unsafe class NativeMirror : IHandled
{
    /// <summary>The mirror whose callback the thread runs.</summary>
    [ThreadStatic]
    private static NativeMirror? _tells;

    private readonly Lock _lock = new();
    private MirrorDevice? _mirror;
    private delegate* unmanaged<CMirrorLeg*, void*, void> _function;
    private void* _context;

    private NativeMirror(NativeClient client) => Client = client;

    public nint Handle { get; set; }

    /// <summary>The client, for the memory of a call.</summary>
    public NativeClient Client { get; }

    /// <summary>The mirror, to wait for.</summary>
    /// <exception cref="NativeException">EDEADLK: in a callback.</exception>
    public MirrorDevice Mirror
    {
        get
        {
            RefuseInCallback();
            return _mirror!;
        }
    }

    /// <summary>The mirror, for what does not wait.</summary>
    public MirrorDevice Unwaited => _mirror!;

    /// <summary>Opens a mirror or makes one, and gives it its handle.</summary>
    public static nint Open(nint client, nint* devices, uint count, Func<NativeMirror, BlockDevice[], MirrorOptions, Task<MirrorDevice>> open)
    {
        RefuseInCallback();
        if (count is 0 or > MirrorDevice.MaxLegs)
            throw new NativeException(Errno.EINVAL, $"{count} legs: a mirror has {MirrorDevice.MinLegs} to {MirrorDevice.MaxLegs}.");
        BlockDevice[] legs = new BlockDevice[count];
        for (uint i = 0; i < count; i++)
            legs[i] = HandleTables.Devices.Get(devices[i]).Device;
        NativeMirror made = new(HandleTables.Client(client));
        MirrorDevice mirror = open(made, legs, new MirrorOptions { LegChanged = made.Tell }).GetAwaiter().GetResult();
        made._mirror = mirror;
        try
        {
            HandleTables.Mirrors.Add(made);
        }
        catch
        {
            mirror.Dispose();
            throw;
        }

        return made.Handle;
    }

    /// <summary>Has changes of legs told to a function of C; null ends that.</summary>
    public void Watch(nint function, nint context)
    {
        lock (_lock)
        {
            _function = (delegate* unmanaged<CMirrorLeg*, void*, void>)function;
            _context = (void*)context;
        }
    }

    /// <summary>Changes the legs, one change at a time.</summary>
    /// <exception cref="NativeException">EBUSY: another is under way.</exception>
    public void ChangeLegs(Func<MirrorDevice, Task> change)
    {
        MirrorDevice mirror = Mirror;
        try
        {
            change(mirror).GetAwaiter().GetResult();
        }
        catch (InvalidOperationException exception) when (exception is not ObjectDisposedException)
        {
            throw new NativeException(Errno.EBUSY, exception.Message);
        }
    }

    /// <inheritdoc cref="ChangeLegs"/>
    public T ChangeLegs<T>(Func<MirrorDevice, Task<T>> change)
    {
        Task<T>? changed = null;
        ChangeLegs(it => (Task)(changed = change(it)));
        return changed!.Result;
    }

    /// <summary>A leg as C gets it.</summary>
    public static CMirrorLeg ToC(MirrorLegStatus leg) =>
        new(leg, leg.Device is null ? 0 : HandleTables.Devices.Find(static (native, device) => native.Device == device, leg.Device));

    /// <summary>Ends the mirror, and then its handle. Several threads may, each of which waits.</summary>
    public void Close()
    {
        if (_tells == this)
            throw new NativeException(Errno.EDEADLK, "The mirror is closed in its own callback, which the close would wait for.");
        RefuseInCallback();
        try
        {
            _mirror!.Dispose();
        }
        finally
        {
            _ = HandleTables.Mirrors.Remove(this);
        }
    }

    private static void RefuseInCallback()
    {
        if (CallbackThread.IsInCallback)
            throw new NativeException(Errno.EDEADLK, "A mirror's calls wait, and must not be made in a callback of a client or a reactor.");
    }

    private void Tell(MirrorLegChange change)
    {
        delegate* unmanaged<CMirrorLeg*, void*, void> function;
        void* context;
        lock (_lock)
        {
            function = _function;
            context = _context;
        }

        if (function is null)
            return;
        CMirrorLeg leg = ToC(change.Leg);
        NativeMirror? before = _tells;
        _tells = this;
        try
        {
            function(&leg, context);
        }
        finally
        {
            _tells = before;
        }
    }
}
