using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;

namespace DmIoUring.Native.Exports;

/// <summary>Memory of the host's own that the rings know.</summary>
internal static unsafe class MemoryExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_memory_register")]
    private static int Register(nint client, void* start, nuint length, nint* memory)
    {
        try
        {
            Arguments.Require(memory, "memory");
            *memory = 0;
            *memory = Keep(HandleTables.Client(client).Client.Register(start, Checked(start, length)));
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_reactor_memory_register")]
    private static int RegisterWithReactor(nint reactor, void* start, nuint length, nint* memory)
    {
        try
        {
            Arguments.Require(memory, "memory");
            *memory = 0;
            *memory = Keep(HandleTables.Reactors.Get(reactor).Reactor.Register(start, Checked(start, length)));
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_memory_unregister")]
    private static int Unregister(nint memory)
    {
        try
        {
            NativeRegistration registered = HandleTables.Registrations.Get(memory);

            // Where there is no memory to do that, it stays registered, and its handle valid.
            registered.Registration.Dispose();
            _ = HandleTables.Registrations.Remove(registered);
            return 0;
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    private static long Checked(void* start, nuint length)
    {
        Arguments.Require(start, "start");
        return length == 0 || (long)length < 0
            ? throw new NativeException(Errno.EINVAL, $"{length} bytes can't be registered.")
            : (long)length;
    }

    private static nint Keep(MemoryRegistration registration)
    {
        try
        {
            NativeRegistration registered = new(registration);
            HandleTables.Registrations.Add(registered);
            return registered.Handle;
        }
        catch
        {
            registration.Dispose();
            throw;
        }
    }
}
