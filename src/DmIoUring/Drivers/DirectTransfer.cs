using System.Diagnostics;
using System.Runtime.InteropServices;
using DmIoUring.Telemetry;
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
    public static IoResult Run(IoOperation operation, in IoRegion region, byte* memory, IoFlags flags, DriverTelemetry telemetry)
    {
        BlockDevice device = region.Device;
        device.AddReference();
        try
        {
            device.Counters.ReportBy(telemetry.Instruments);
            bool isTimed = telemetry.Instruments.OperationDuration.Enabled || telemetry.Instruments.RequestDuration.Enabled;
            long began = isTimed ? Stopwatch.GetTimestamp() : 0;
            IoResult result = Carry(operation, region, memory, flags, telemetry);
            Count(device.Counters.Shared, operation, region, result);
            if (!result.IsSuccess)
                Tell(operation, device, result, telemetry);
            if (isTimed)
                Record(operation, region, Stopwatch.GetTimestamp() - began, result, telemetry);
            return result;
        }
        finally
        {
            device.Release();
        }
    }

    private static IoResult Carry(IoOperation operation, in IoRegion region, byte* memory, IoFlags flags, DriverTelemetry telemetry)
    {
        BlockDevice device = region.Device;
        uint length = (uint)(region.Count * IoRegion.SectorSize);
        bool flushes = (flags & IoFlags.Fua) != 0 && device.FuaFlushes(bySystemCall: true);

        int oddBytes = RegionRules.OddBytes(operation, region);

        // Read before the region is checked for a doubt.
        long failedFlushes = flushes ? device.Durability.FailedFlushes : 0;
        IoFailureCause cause = RegionRules.Check(operation, region, flags, out int errno);
        if (cause != IoFailureCause.None)
            return Failed(operation, region.Sector, memory, length, errno, cause);
        return flushes
            ? WriteAndFlush(device, region, memory, length, failedFlushes, telemetry)
            : Transfer(operation, device, region.Sector * IoRegion.SectorSize, memory, length, (int)Request.TransferFlagsOf(flags), telemetry, oddBytes);
    }

    private static void Tell(IoOperation operation, BlockDevice device, in IoResult result, DriverTelemetry telemetry) => telemetry.RegionFailed(
        device.Counters, Tags.OperationName((int)operation), result.First.Sector, result.First.Errno, result.First.Cause.Name(), isUnsupported: result.Failed.IsEmpty);

    private static void Record(IoOperation operation, in IoRegion region, long ticks, in IoResult result, DriverTelemetry telemetry)
    {
        int errno = result.First.Errno;
        if (region.Count > 0)
            telemetry.Instruments.RecordOperation(region.Device.Counters.Name, (int)operation, ticks, errno);
        telemetry.Instruments.RecordRequest(telemetry.Name, (int)operation, ticks, errno);
    }

    /// <summary>Counts a region that has ended; its bytes are counted already.</summary>
    private static void Count(DeviceCounters counters, IoOperation operation, in IoRegion region, in IoResult result)
    {
        if (region.Count > 0)
            counters.AddShared((DeviceCounter)operation, 1);
        if (!result.IsSuccess)
            counters.AddShared(result.Failed.IsEmpty ? DeviceCounter.Unsupported : DeviceCounter.Failed, 1);
    }

    /// <summary>
    /// A FUA write that needs a flush. On a block device by two calls: RWF_DSYNC would flush twice there (<see cref="EngineSettings.FlushesSeparately"/>).
    /// </summary>
    private static IoResult WriteAndFlush(BlockDevice device, in IoRegion region, byte* memory, uint length, long failedFlushes, DriverTelemetry telemetry)
    {
        bool flushesSeparately = device is { IsBlockDevice: true, IsDirect: true };
        IoResult result = Transfer(
            IoOperation.Write, device, region.Sector * IoRegion.SectorSize, memory, length, flushesSeparately ? 0 : FileAbi.RWF_DSYNC, telemetry);
        if (!flushesSeparately)
        {
            bool inDoubt = device.Durability.FailedFlushes != failedFlushes;
            if (!result.IsSuccess && RegionRules.MayBeItsFlush(result.First.Errno, result.First.Cause))
                device.Durability.FlushFailed(result.First.Errno);
            return inDoubt ? InDoubt(region) : result;
        }

        // Of a write that failed, what lies below the sector that is reported must be durable.
        if (!result.IsSuccess && result.First.Sector == region.Sector)
            return result;
        IoResult flushed = Flush(device, region, failedFlushes, telemetry);
        return flushed.IsSuccess ? result : flushed;
    }

    private static IoResult Flush(BlockDevice device, in IoRegion region, long failedFlushes, DriverTelemetry telemetry)
    {
        long began = Stopwatch.GetTimestamp();
        byte attempts = 0;
        while (true)
        {
            int answer = Libc.Fdatasync(device.Descriptor);
            RetryDecision decision = RetryRules.DecideWithoutData(answer, ref attempts);
            switch (decision.Action)
            {
                case RetryAction.Done:
                    device.Durability.FlushEnded(began, failedFlushes);
                    return device.Durability.FailedFlushes == failedFlushes ? default : InDoubt(region);

                case RetryAction.Fail:
                    if (RegionRules.RaisesDoubt(decision.Errno, decision.Cause))
                        device.Durability.FlushFailed(decision.Errno);
                    return Failed(region.Sector, decision.Errno, decision.Cause);

                default:
                    device.Counters.Shared.AddShared(DeviceCounter.Retries, 1);
                    telemetry.Retried(device.Counters, region.Sector, -answer, attempts);
                    UninterruptedWait.Sleep(TimeSpan.FromMicroseconds(decision.Delay / 1000));
                    break;
            }
        }
    }

    private static IoResult InDoubt(in IoRegion region) => Failed(region.Sector, Errno.EIO, IoFailureCause.InDoubt);

    private static IoResult Transfer(
        IoOperation operation, BlockDevice device, long offset, byte* memory, uint length, int flags, DriverTelemetry telemetry, int oddBytes = 0)
    {
        byte attempts = 0;
        DeviceCounter bytes = operation == IoOperation.Read ? DeviceCounter.ReadBytes : DeviceCounter.WrittenBytes;
        while (length > 0)
        {
            nint transferred = Call(operation, device.Descriptor, memory, length, offset, flags);
            if (oddBytes > 0 && transferred >= length - oddBytes && transferred < length)
            {
                device.Counters.Shared.AddShared(bytes, transferred);
                NativeMemory.Clear(memory + transferred, (nuint)(length - transferred));
                return default;
            }

            RetryDecision decision = RetryRules.Decide(transferred, length, device.Geometry.OffsetAlignmentOf(operation == IoOperation.Read), ref attempts);
            if (decision.Action == RetryAction.Fail)
            {
                long sector = offset / IoRegion.SectorSize;
                IoFailureCause cause = RegionRules.Explain(device, operation == IoOperation.Write, sector, decision.Errno, decision.Cause);
                return Failed(operation, sector, memory, length, decision.Errno, cause);
            }

            DeviceCounters counters = device.Counters.Shared;
            if (decision.Advance > 0)
                counters.AddShared(bytes, decision.Advance);
            if (decision.Action != RetryAction.Done)
                counters.AddShared(decision.Action == RetryAction.Retry ? DeviceCounter.Retries : DeviceCounter.ShortTransfers, 1);
            if (decision.Action == RetryAction.Retry)
                telemetry.Retried(device.Counters, offset / IoRegion.SectorSize, (int)-transferred, attempts);
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
        return Failed(sector, errno, cause);
    }

    private static IoResult Failed(long sector, int errno, IoFailureCause cause)
    {
        RegionBits bit = new(1);
        IoFailure first = new(0, sector, errno, cause);
        return RetryRules.IsUnsupported(errno)
            ? new IoResult(RegionBits.None, bit, first)
            : new IoResult(bit, RegionBits.None, first);
    }
}
