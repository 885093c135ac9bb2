using System.Diagnostics;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;

namespace DmIoUring.Native.Requests;

/// <summary>The operations of dmio.h, and what rw says.</summary>
internal static class Operations
{
    private const int OperationMask = 0xFF;
    private const int FlagsShift = 8;

    /// <summary>Whether rw is a read's; it may be invalid otherwise.</summary>
    public static bool IsRead(int rw) => (rw & OperationMask) == (int)COperation.Read;

    /// <summary>Whether a region of no sectors is nothing to do: a flush and the flags that promise durability ask each device, whatever the count.</summary>
    public static bool SkipsEmptyRegions(int rw) =>
        (rw & OperationMask) != (int)COperation.Flush && ((IoFlags)(rw >> FlagsShift) & (IoFlags.Preflush | IoFlags.Fua)) == 0;

    /// <summary>What rw says.</summary>
    /// <exception cref="NativeException">EINVAL.</exception>
    public static (IoOperation Operation, IoFlags Flags) Decode(int rw)
    {
        COperation operation = (COperation)(rw & OperationMask);
        IoFlags flags = (IoFlags)(rw >> FlagsShift);
        if (flags != 0 && operation != COperation.Write && Enum.IsDefined(operation))
            throw new NativeException(Errno.EINVAL, $"rw is 0x{rw:x}: flags belong to writes, and this is a {operation}.");
        return (operation switch
        {
            COperation.Read => IoOperation.Read,
            COperation.Write => IoOperation.Write,
            COperation.Flush => IoOperation.Flush,
            COperation.Discard => IoOperation.Discard,
            COperation.WriteZeroes => IoOperation.WriteZeroes,
            _ => throw new NativeException(Errno.EINVAL, $"rw is 0x{rw:x}: there is no operation {(int)operation}."),
        }, flags);
    }

    /// <summary>The operation of a name.</summary>
    public static COperation Of(string name)
    {
        for (IoOperation operation = IoOperation.Read; operation <= IoOperation.WriteZeroes; operation++)
        {
            if (string.Equals(operation.Name(), name, StringComparison.Ordinal))
                return Of(operation);
        }

        throw new UnreachableException($"There is no operation {name}.");
    }

    private static COperation Of(IoOperation operation) => operation switch
    {
        IoOperation.Read => COperation.Read,
        IoOperation.Write => COperation.Write,
        IoOperation.Flush => COperation.Flush,
        IoOperation.Discard => COperation.Discard,
        IoOperation.WriteZeroes => COperation.WriteZeroes,
    };
}
