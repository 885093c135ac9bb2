using System.Diagnostics;
using System.Runtime.InteropServices;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Threading;

namespace DmIoUring.Drivers;

/// <summary>
/// Transfers one region of one chunk on the calling thread by one system call, without a ring. The same rules as the engine's.
/// </summary>
internal static unsafe class DirectTransfer
{
    /// <summary>Carries out a request for which <see cref="Submission.Admission.IsDirect"/> is true, with aligned memory.</summary>
    public static IoResult Run(IoOperation operation, in IoRegion region, byte* memory, IoFlags flags)
    {
        BlockDevice device = region.Device;
        device.AddReference();
        try
        {
            uint length = (uint)(region.Count * IoRegion.SectorSize);
            IoFailureCause cause = RegionRules.Check(operation, region, flags, out int errno);
            return cause == IoFailureCause.None
                ? Transfer(operation, device, region.Sector * IoRegion.SectorSize, memory, length, (int)Request.TransferFlagsOf(flags))
                : Failed(operation, region.Sector, memory, length, errno, cause);
        }
        finally
        {
            device.Release();
        }
    }

    private static IoResult Transfer(IoOperation operation, BlockDevice device, long offset, byte* memory, uint length, int flags)
    {
        byte attempts = 0;
        while (length > 0)
        {
            nint transferred = Call(operation, device.Descriptor, memory, length, offset, flags);
            RetryDecision decision = RetryRules.Decide(transferred, length, device.Geometry.OffsetAlignmentOf(operation == IoOperation.Read), ref attempts);
            if (decision.Action == RetryAction.Fail)
            {
                long sector = offset / IoRegion.SectorSize;
                IoFailureCause cause = RegionRules.Explain(device, operation == IoOperation.Write, sector, decision.Errno, decision.Cause);
                return Failed(operation, sector, memory, length, decision.Errno, cause);
            }

            offset += decision.Advance;
            memory += decision.Advance;
            length -= decision.Advance;
            if (decision.Delay > 0)
                UninterruptedWait.Sleep(TimeSpan.FromMicroseconds(decision.Delay / 1000));
        }

        return default;
    }

    private static nint Call(IoOperation operation, int descriptor, byte* memory, uint length, long offset, int flags) => operation switch
    {
        IoOperation.Read => Libc.Pread(descriptor, memory, length, offset),
        IoOperation.Write => Write(descriptor, memory, length, offset, flags),
        IoOperation.Flush or IoOperation.Discard or IoOperation.WriteZeroes => throw new UnreachableException($"A {operation.Name()} transfers nothing."),
    };

    private static nint Write(int descriptor, byte* memory, uint length, long offset, int flags)
    {
        if (flags == 0)
            return Libc.Pwrite(descriptor, memory, length, offset);
        Iovec vector = new() { iov_base = memory, iov_len = length };
        return Libc.Pwritev2(descriptor, &vector, 1, offset, flags);
    }

    private static IoResult Failed(
        IoOperation operation, long sector, byte* rest, uint length, int errno, IoFailureCause cause)
    {
        if (operation == IoOperation.Read)
            NativeMemory.Clear(rest, length);
        RegionBits bit = new(1);
        IoFailure first = new(0, sector, errno, cause);
        return RetryRules.IsUnsupported(errno)
            ? new IoResult(RegionBits.None, bit, first)
            : new IoResult(bit, RegionBits.None, first);
    }
}
