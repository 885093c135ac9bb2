using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;
using DmIoUring.Native.Requests;

namespace DmIoUring.Native.Exports;

/// <summary>What is under way.</summary>
internal static unsafe class PendingExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_pending")]
    private static int OfClient(nint client, byte* list, nuint size, uint count)
    {
        try
        {
            return Fill(HandleTables.Client(client), list, size, count);
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_reactor_pending")]
    private static int OfReactor(nint reactor, byte* list, nuint size, uint count)
    {
        try
        {
            return Fill(HandleTables.Reactors.Get(reactor), list, size, count);
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    private static int Fill(Submitter submitter, byte* list, nuint size, uint count)
    {
        if (count != 0)
            Arguments.Require(list, "list");
        if (count != 0 && size is 0 or > int.MaxValue)
            throw new NativeException(Errno.EINVAL, $"The size of one is {size}: give sizeof(struct dmio_pending).");
        int request = 0;
        int regions = 0;
        foreach (IoPendingRequest pending in submitter.GetPendingRequests())
        {
            foreach (IoPendingRegion region in pending.Regions)
            {
                if (regions < count)
                    Arguments.Write(new CPending(pending, request, region, HandleOf(region.Device)), list + ((nuint)regions * size), size, "list");
                regions++;
            }

            request++;
        }

        return regions;
    }

    /// <summary>A device's handle, and not another's of the same path; 0 where it was closed.</summary>
    private static nint HandleOf(BlockDevice? device) => HandleTables.Devices.Find(static (open, sought) => ReferenceEquals(open.Device, sought), device);
}
