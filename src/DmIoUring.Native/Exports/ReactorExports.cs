using System.Runtime.InteropServices;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;
using DmIoUring.Native.Requests;

namespace DmIoUring.Native.Exports;

/// <summary>Reactors: the thread that first submits or polls owns one.</summary>
internal static unsafe class ReactorExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_reactor_open")]
    private static int Open(void* options, nuint size, nint* reactor)
    {
        try
        {
            Arguments.Require(reactor, "reactor");
            *reactor = 0;
            NativeReactor opened = new(Arguments.Read<CClientOptions>(options, size));
            HandleTables.Reactors.Add(opened);
            *reactor = opened.Handle;
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_reactor_submit")]
    private static int Submit(nint reactor, CRequest* request, nint function, nint context)
    {
        try
        {
            if (request is not null && HandleTables.Reactors.Find(reactor) is { } target && Calls.TrySubmitFast(target, request, function, context))
                return 0;
            Arguments.Require(request, "request");
            Calls.Submit(HandleTables.Reactors.Get(reactor), *request, function, hasResult: true, context);
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_reactor_poll")]
    private static int Poll(nint reactor, uint minimum, int timeout)
    {
        try
        {
            return HandleTables.Reactors.Get(reactor).Poll(
                (int)Math.Min(minimum, int.MaxValue), timeout < 0 ? null : TimeSpan.FromMilliseconds(timeout));
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_reactor_wake")]
    private static int Wake(nint reactor)
    {
        try
        {
            HandleTables.Reactors.Get(reactor).Wake();
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_reactor_statistics")]
    private static int GetStatistics(nint reactor, void* statistics, nuint size)
    {
        try
        {
            Arguments.Write(new CStatistics(HandleTables.Reactors.Get(reactor).Reactor.Statistics), statistics, size, "statistics");
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_reactor_close")]
    private static int Close(nint reactor)
    {
        try
        {
            HandleTables.Reactors.Get(reactor).Close();
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }
}
