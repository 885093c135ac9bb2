using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;
using DmIoUring.Native.Requests;
using DmIoUring.Services;

namespace DmIoUring.Native.Exports;

/// <summary>Mirrors: how they begin and end, and what is known of them.</summary>
internal static unsafe class MirrorExports
{
    private const uint AllowMissing = 1;
    private const uint TrustFirst = 2;

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_open")]
    private static int Open(nint client, nint* devices, uint count, uint flags, nint* mirror)
    {
        try
        {
            Arguments.Require(mirror, "mirror");
            *mirror = 0;
            Arguments.Require(devices, "devices");
            if ((flags & ~(AllowMissing | TrustFirst)) != 0)
                throw new NativeException(Errno.EINVAL, $"The flags have bits that mean nothing here: 0x{flags & ~(AllowMissing | TrustFirst):x}.");
            *mirror = NativeMirror.Open(client, devices, count, (made, legs, options) => MirrorDevice.OpenAsync(
                made.Client.Client,
                legs,
                new MirrorOpenOptions { AllowMissing = (flags & AllowMissing) != 0, Trusted = (flags & TrustFirst) != 0 ? legs[0] : null },
                options));
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_create")]
    private static int Create(nint client, nint* devices, uint count, void* options, nuint size, nint* mirror)
    {
        try
        {
            Arguments.Require(mirror, "mirror");
            *mirror = 0;
            Arguments.Require(devices, "devices");
            MirrorCreateOptions create = Arguments.Read<CMirrorOptions>(options, size).ToOptions();
            *mirror = NativeMirror.Open(
                client, devices, count, (made, legs, how) => MirrorDevice.CreateAsync(made.Client.Client, legs, create, how));
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_close")]
    private static int Close(nint mirror)
    {
        try
        {
            HandleTables.Mirrors.Get(mirror).Close();
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_status")]
    private static int GetStatus(nint mirror, void* status, nuint size)
    {
        try
        {
            Arguments.Write(new CMirrorStatus(HandleTables.Mirrors.Get(mirror).Unwaited), status, size, "status");
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_leg_status")]
    private static int GetLegStatus(nint mirror, uint leg, void* status, nuint size)
    {
        try
        {
            IReadOnlyList<MirrorLegStatus> legs = HandleTables.Mirrors.Get(mirror).Unwaited.Legs;
            Arguments.Write(NativeMirror.ToC(legs[CheckedLeg(leg, legs.Count)]), status, size, "leg");
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_watch")]
    private static int Watch(nint mirror, nint function, nint context)
    {
        try
        {
            HandleTables.Mirrors.Get(mirror).Watch(function, context);
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    /// <summary>The index of a leg that there is.</summary>
    /// <exception cref="NativeException">EINVAL: there is none.</exception>
    public static int CheckedLeg(uint leg, int legs) =>
        leg < (uint)legs ? (int)leg : throw new NativeException(Errno.EINVAL, $"There is no leg {leg}: the mirror has {legs}, from 0 on.");
}
