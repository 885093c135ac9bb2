using System.Runtime.InteropServices;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;
using DmIoUring.Native.Requests;

namespace DmIoUring.Native.Exports;

/// <summary>Clients, and requests with all of the result.</summary>
internal static unsafe class ClientExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_client_open")]
    private static int Open(void* options, nuint size, nint* client)
    {
        try
        {
            Arguments.Require(client, "client");
            *client = 0;
            NativeClient opened = new(Arguments.Read<CClientOptions>(options, size));
            HandleTables.Clients.Add(opened);
            *client = opened.Handle;
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_client_close")]
    private static int Close(nint client)
    {
        try
        {
            HandleTables.Clients.Get(client).Close();
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_pages_get")]
    private static int GetPages(nint client, uint pages, CPageList** list)
    {
        try
        {
            Arguments.Require(list, "list");
            *list = null;
            *list = HandleTables.Client(client).RentPages(pages);
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_pages_put")]
    private static int PutPages(nint client, CPageList* list)
    {
        try
        {
            HandleTables.Client(client).ReturnPages(list);
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_sync")]
    private static int Run(nint client, CRequest* request, CResult* result)
    {
        try
        {
            Arguments.Require(request, "request");
            IoResult ended = Calls.Run(HandleTables.Client(client), *request, out long bytes);
            if (result is not null)
                *result = new CResult(ended, ended.IsSuccess ? bytes : 0);
            return ended.IsSuccess ? 0 : LastError.Set(ResultErrno.Of(ended), ended.ToString());
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_async")]
    private static int Submit(nint client, CRequest* request, nint function, nint context)
    {
        try
        {
            Arguments.Require(request, "request");
            Calls.Submit(HandleTables.Client(client), *request, function, hasResult: true, context);
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_poll")]
    private static int Poll(nint client, int timeout)
    {
        try
        {
            return HandleTables.Client(client).RequireQueue().Poll(timeout);
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_client_fd")]
    private static int GetDescriptor(nint client)
    {
        try
        {
            return HandleTables.Client(client).RequireQueue().Descriptor;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_statistics")]
    private static int GetStatistics(nint client, void* statistics, nuint size)
    {
        try
        {
            Arguments.Write(new CStatistics(HandleTables.Client(client).Client.Statistics), statistics, size, "statistics");
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }
}
