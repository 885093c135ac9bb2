using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;
using DmIoUring.Native.Requests;
using DmIoUring.Services;

namespace DmIoUring.Native.Exports;

/// <summary>Mirrors: legs that come, go and are brought up to date.</summary>
internal static unsafe class MirrorLegExports
{
    private const uint Overwrite = CMirrorOptions.Overwrite;

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_resync")]
    private static int Resync(nint mirror, ulong bytesPerSecond, void* result, nuint size)
    {
        try
        {
            NativeMirror open = HandleTables.Mirrors.Get(mirror);
            if (bytesPerSecond > CopyThrottle.MaxBytesPerSecond)
                throw new NativeException(Errno.EINVAL, $"{bytesPerSecond} bytes a second are more than {CopyThrottle.MaxBytesPerSecond}; 0 is no limit.");
            MirrorResyncOptions options = new() { Throttle = bytesPerSecond == 0 ? null : new CopyThrottle((long)bytesPerSecond) };
            MirrorResyncResult ended = open.ChangeLegs(it => it.ResyncAsync(options));
            if (result is not null)
                Arguments.Write(new CMirrorResync(ended), result, size, "result");
            return ended.IsComplete ? 0 : LastError.Set(ended.Outcome == MirrorResyncOutcome.Cancelled ? Errno.ECANCELED : Errno.EIO, ended.ToString());
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_take_out")]
    private static int TakeOut(nint mirror, uint leg)
    {
        try
        {
            NativeMirror open = HandleTables.Mirrors.Get(mirror);
            int index = MirrorExports.CheckedLeg(leg, open.Mirror.Legs.Count);
            open.ChangeLegs(it => it.TakeOutAsync(index));
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_attach")]
    private static int Attach(nint mirror, nint device)
    {
        try
        {
            NativeMirror open = HandleTables.Mirrors.Get(mirror);
            BlockDevice leg = HandleTables.Devices.Get(device).Device;
            return open.ChangeLegs(it => it.AttachAsync(leg));
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_replace")]
    private static int Replace(nint mirror, uint leg, nint device, uint flags)
    {
        try
        {
            NativeMirror open = HandleTables.Mirrors.Get(mirror);
            BlockDevice other = HandleTables.Devices.Get(device).Device;
            if ((flags & ~Overwrite) != 0)
                throw new NativeException(Errno.EINVAL, $"The flags have bits that mean nothing here: 0x{flags & ~Overwrite:x}.");
            int index = MirrorExports.CheckedLeg(leg, open.Mirror.Legs.Count);
            open.ChangeLegs(it => it.ReplaceAsync(index, other, (flags & Overwrite) != 0));
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }
}
