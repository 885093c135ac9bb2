using System.Runtime.InteropServices;
using DmIoUring.Engine;
using DmIoUring.Interop;

namespace DmIoUring.Drivers;

/// <summary>
/// One region in one piece, on the caller's thread, by pread or pwrite: the same rules as the engine's, no ring.
/// </summary>
internal static unsafe class DirectTransfer
{
    public static IoResult Run(IoOperation operation, in IoRegion region, byte* buffer)
    {
        BlockDevice device = region.Device;
        device.AddReference();
        try
        {
            uint length = (uint)(region.Count * IoRegion.SectorSize);
            IoFailureCause cause = RegionRules.Check(operation, region, out int errno);
            return cause == IoFailureCause.None
                ? Transfer(operation, device, region.Sector * IoRegion.SectorSize, buffer, length)
                : Failed(operation, region.Sector, buffer, length, errno, cause);
        }
        finally
        {
            device.Release();
        }
    }

    private static IoResult Transfer(IoOperation operation, BlockDevice device, long offset, byte* buffer, uint length)
    {
        byte attempts = 0;
        while (length > 0)
        {
            nint transferred = operation == IoOperation.Read
                ? Libc.Pread(device.Descriptor, buffer, length, offset)
                : Libc.Pwrite(device.Descriptor, buffer, length, offset);
            TransferVerdict verdict = TransferRules.Judge(transferred, length, device.OffsetAlignment, ref attempts);
            if (verdict.Step == TransferStep.Fail)
                return Failed(operation, offset / IoRegion.SectorSize, buffer, length, verdict.Errno, verdict.Cause);
            offset += verdict.Advance;
            buffer += verdict.Advance;
            length -= verdict.Advance;
            if (verdict.Delay > 0)
                Thread.Sleep(TimeSpan.FromMicroseconds(verdict.Delay / 1000));
        }

        return default;
    }

    private static IoResult Failed(
        IoOperation operation, long sector, byte* rest, uint length, int errno, IoFailureCause cause)
    {
        if (operation == IoOperation.Read)
            NativeMemory.Clear(rest, length);
        RegionBits bit = new(1);
        IoFailure first = new(0, sector, errno, cause);
        return TransferRules.IsUnsupported(errno)
            ? new IoResult(RegionBits.None, bit, first)
            : new IoResult(bit, RegionBits.None, first);
    }
}
