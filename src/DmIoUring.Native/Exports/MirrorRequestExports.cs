using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;
using DmIoUring.Native.Requests;
using DmIoUring.Services;

namespace DmIoUring.Native.Exports;

/// <summary>Mirrors: requests.</summary>
internal static unsafe class MirrorRequestExports
{
    private const int FlagsShift = 8;

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_read")]
    private static int Read(nint mirror, ulong sector, ulong count, void* data) =>
        Transfer(mirror, sector, count, new CRequest { Data = data, Memory = CMemory.Vm }, isWrite: false, flags: 0);

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_readv")]
    private static int ReadVectors(nint mirror, ulong sector, ulong count, void* vectors, uint length) =>
        Transfer(mirror, sector, count, new CRequest { Data = vectors, Length = length, Memory = CMemory.Iovec }, isWrite: false, flags: 0);

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_write")]
    private static int Write(nint mirror, ulong sector, ulong count, void* data, int flags) =>
        Transfer(mirror, sector, count, new CRequest { Data = data, Memory = CMemory.Vm }, isWrite: true, flags);

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_writev")]
    private static int WriteVectors(nint mirror, ulong sector, ulong count, void* vectors, uint length, int flags) =>
        Transfer(mirror, sector, count, new CRequest { Data = vectors, Length = length, Memory = CMemory.Iovec }, isWrite: true, flags);

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_flush")]
    private static int Flush(nint mirror)
    {
        try
        {
            return Answer(HandleTables.Mirrors.Get(mirror).Mirror.Flush());
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_discard")]
    private static int Discard(nint mirror, ulong sector, ulong count)
    {
        try
        {
            MirrorDevice open = HandleTables.Mirrors.Get(mirror).Mirror;
            CheckRange(sector, count);
            return Answer(open.DiscardAsync((long)sector, (long)count).AsTask().GetAwaiter().GetResult());
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_mirror_write_zeroes")]
    private static int WriteZeroes(nint mirror, ulong sector, ulong count)
    {
        try
        {
            MirrorDevice open = HandleTables.Mirrors.Get(mirror).Mirror;
            CheckRange(sector, count);
            return Answer(open.WriteZeroesAsync((long)sector, (long)count).AsTask().GetAwaiter().GetResult());
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    private static int Transfer(nint mirror, ulong sector, ulong count, in CRequest request, bool isWrite, int flags)
    {
        try
        {
            NativeMirror open = HandleTables.Mirrors.Get(mirror);
            MirrorDevice device = open.Mirror;
            CheckRange(sector, count);
            if ((flags & (1 << FlagsShift) - 1) != 0)
                throw new NativeException(Errno.EINVAL, $"The flags are 0x{flags:x}: the operation is none of them.");
            CallMemory memory = CallMemory.Of(open.Client, request, (long)count * IoRegion.SectorSize);
            try
            {
                return Answer(isWrite
                    ? device.Write((long)sector, (long)count, memory.Buffer, (IoFlags)(flags >> FlagsShift))
                    : device.Read((long)sector, (long)count, memory.Buffer));
            }
            finally
            {
                memory.Pieces?.Return();
            }
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }

    private static void CheckRange(ulong sector, ulong count)
    {
        const ulong most = long.MaxValue / IoRegion.SectorSize;
        if (count == 0 || count > most || sector > most - count)
            throw new NativeException(Errno.EINVAL, $"{count} sectors from sector {sector} on are no range.");
    }

    private static int Answer(MirrorResult result) => result.IsSuccess ? 0
        : LastError.Set(result.Legs.Failed.IsEmpty && !result.Legs.Unsupported.IsEmpty ? Errno.EOPNOTSUPP : Errno.EIO, result.ToString());
}
