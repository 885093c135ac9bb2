using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;
using DmIoUring.Native.Requests;

namespace DmIoUring.Native.Exports;

/// <summary>Devices.</summary>
internal static unsafe class DeviceExports
{
    private const uint ReadOnly = 1;
    private const uint Buffered = 2;
    private const uint Exclusive = 4;

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_device_open")]
    private static int Open(byte* path, uint flags, nint* device)
    {
        try
        {
            Arguments.Require(path, "path");
            Arguments.Require(device, "device");
            *device = 0;
            if ((flags & ~(ReadOnly | Buffered | Exclusive)) != 0)
                throw new NativeException(Errno.EINVAL, $"The flags have bits that mean nothing: 0x{flags & ~(ReadOnly | Buffered | Exclusive):x}.");
            NativeDevice opened = new(BlockDevice.Open(Marshal.PtrToStringUTF8((nint)path)!, new BlockDeviceOptions
            {
                Access = (flags & ReadOnly) != 0 ? DeviceAccess.Read : DeviceAccess.ReadWrite,
                Direct = (flags & Buffered) == 0,
                Exclusive = (flags & Exclusive) != 0,
            }));
            HandleTables.Devices.Add(opened);
            *device = opened.Handle;
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_device_close")]
    private static int Close(nint device)
    {
        try
        {
            NativeDevice open = HandleTables.Devices.Get(device);
            if (HandleTables.Devices.Remove(open))
                open.Device.Dispose();
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_device_info")]
    private static int GetInfo(nint device, void* info, nuint size)
    {
        try
        {
            BlockDevice open = HandleTables.Devices.Get(device).Device;
            CDeviceInfo value = new()
            {
                Sectors = (ulong)open.SectorCount,
                LogicalBlockSize = (uint)open.LogicalBlockSize,
                MemoryAlignment = (uint)open.MemoryAlignment,
                IsBlockDevice = open.IsBlockDevice ? 1U : 0,
                IsReadOnly = open.IsReadOnly ? 1U : 0,
                InDoubt = open.Doubt is null ? 0U : 1,
            };
            Arguments.Write(value, info, size, "info");
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_device_refresh")]
    private static int Refresh(nint device)
    {
        try
        {
            _ = HandleTables.Devices.Get(device).Device.Refresh();
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_device_acknowledge_doubt")]
    private static int AcknowledgeDoubt(nint device)
    {
        try
        {
            BlockDevice open = HandleTables.Devices.Get(device).Device;
            return open.Doubt is { } doubt && open.AcknowledgeDoubt(doubt) ? 1 : 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }
}
