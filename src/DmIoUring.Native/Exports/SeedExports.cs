using System.Runtime.InteropServices;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;
using DmIoUring.Native.Requests;

namespace DmIoUring.Native.Exports;

/// <summary>dm-io's own functions: Documentation/admin-guide/device-mapper/dm-io.rst.</summary>
internal static unsafe class SeedExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_dm_io_get")]
    private static int Get(uint pages)
    {
        try
        {
            DefaultClient.Get(pages);
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dm_io_put")]
    private static int Put(uint pages)
    {
        try
        {
            DefaultClient.Put(pages);
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dm_io_sync")]
    private static int Sync(uint regions, CRegion* where, int rw, CPageList* pages, uint offset, nuint* errorBits) =>
        Run(new CRequest { Regions = regions, Where = where, Rw = rw, Data = pages, Offset = offset, Memory = CMemory.Pages }, errorBits);

    [UnmanagedCallersOnly(EntryPoint = "managed_dm_io_sync_bvec")]
    private static int SyncVectors(uint regions, CRegion* where, int rw, CVector* vectors, nuint* errorBits) =>
        Run(new CRequest { Regions = regions, Where = where, Rw = rw, Data = vectors, Memory = CMemory.Bvec }, errorBits);

    [UnmanagedCallersOnly(EntryPoint = "managed_dm_io_sync_vm")]
    private static int SyncContiguous(uint regions, CRegion* where, int rw, void* data, nuint* errorBits) =>
        Run(new CRequest { Regions = regions, Where = where, Rw = rw, Data = data, Memory = CMemory.Vm }, errorBits);

    [UnmanagedCallersOnly(EntryPoint = "managed_dm_io_async")]
    private static int Async(uint regions, CRegion* where, int rw, CPageList* pages, uint offset, nint function, nint context) =>
        Submit(new CRequest { Regions = regions, Where = where, Rw = rw, Data = pages, Offset = offset, Memory = CMemory.Pages }, function, context);

    [UnmanagedCallersOnly(EntryPoint = "managed_dm_io_async_bvec")]
    private static int AsyncVectors(uint regions, CRegion* where, int rw, CVector* vectors, nint function, nint context) =>
        Submit(new CRequest { Regions = regions, Where = where, Rw = rw, Data = vectors, Memory = CMemory.Bvec }, function, context);

    [UnmanagedCallersOnly(EntryPoint = "managed_dm_io_async_vm")]
    private static int AsyncContiguous(uint regions, CRegion* where, int rw, void* data, nint function, nint context) =>
        Submit(new CRequest { Regions = regions, Where = where, Rw = rw, Data = data, Memory = CMemory.Vm }, function, context);

    private static int Run(in CRequest request, nuint* errorBits)
    {
        try
        {
            if (errorBits is not null)
                *errorBits = 0;
            IoResult result = Calls.Run(DefaultClient.Current, request);
            if (result.IsSuccess)
                return 0;
            if (errorBits is not null)
                *errorBits = (nuint)(result.Failed | result.Unsupported).Value;
            return LastError.Set(ResultErrno.Of(result), result.ToString());
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    private static int Submit(in CRequest request, nint function, nint context)
    {
        try
        {
            Calls.Submit(DefaultClient.Current, request, function, hasResult: false, context);
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }
}
