using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Testing.Contract;

namespace DmIoUring.Simulation.Checks;

/// <content>What a request's end is compared with.</content>
internal sealed unsafe partial class Model
{
    private void CheckResult(ModelRequest request, in IoResult result)
    {
        if (ResultRules.Violation(result, request.Report, request.Regions.Count) is { } what)
            verdict.Fail($"{request}: {what}: {result}.");
        ulong failed = 0;
        ulong unsupported = 0;
        ModelRegion? lowest = null;
        foreach (ModelRegion region in request.Regions)
        {
            ulong bit = 1ul << region.Index;
            bool mayBeGood = region.Failures.Count == 0;
            if (mayBeGood && (region.Possible.Count == 0 || region.IsToldGood))
                continue;
            lowest ??= region;
            bool mayBeUnsupported = region.Failures.Concat(mayBeGood ? region.Possible : []).Any(IsUnsupported) && region.Failures.All(IsUnsupported);
            bool mayBeFailed = region.Failures.Concat(region.Possible).Any(static failure => !IsUnsupported(failure));
            bool isUnsupported = mayBeUnsupported && (!mayBeFailed || (result.Unsupported.Value & bit) != 0);
            (isUnsupported ? ref unsupported : ref failed) |= bit;
        }

        if (result.Failed.Value != failed)
            verdict.Fail($"{request}: Failed is {result.Failed}, and should be {new RegionBits(failed)}.");
        if (result.Unsupported.Value != unsupported)
            verdict.Fail($"{request}: Unsupported is {result.Unsupported}, and should be {new RegionBits(unsupported)}.");
        CheckFailure(request, "First", result.First, lowest);
        if (request.Report is not { } report)
            return;
        foreach (ModelRegion region in request.Regions)
            CheckFailure(request, "the report", report[region.Index], region.Failures.Count > 0 || (region.Possible.Count > 0 && !region.IsToldGood) ? region : null);
    }

    /// <summary>What is reported must be of the region's lowest failed sector; of several there, any.</summary>
    private void CheckFailure(ModelRequest request, string where, IoFailure told, ModelRegion? region)
    {
        if (region is null)
        {
            if (told.Cause != IoFailureCause.None)
                verdict.Fail($"{request}: {where} tells of a failure ({told}) where there was none.");
            return;
        }

        if (region.Possible.Contains(told))
            return;
        long sector = region.Failures.Count == 0 ? 0 : region.Failures.Min(static failure => failure.Sector);
        if (!region.Failures.Any(failure => failure.Sector == sector && failure == told))
            verdict.Fail($"{request}: {where} is ({told}), and should be ({region.Failures.Concat(region.Possible).First(failure => failure.Sector >= sector)}).");
    }

    private static bool IsUnsupported(IoFailure failure) => failure.Errno is Errno.EINVAL or Errno.EOPNOTSUPP;

    private void CheckMemory(ModelRequest request)
    {
        if (request.Buffer is not { } buffer)
            return;
        byte[] now = buffer.Read();
        ReadOnlySpan<byte> expected = request.Content;
        if (request.Operation == IoOperation.Read)
        {
            ModelRegion region = request.Regions[0];
            int from = (int)region.Region.BufferOffset;
            int length = (int)(region.End - region.Start);
            CheckRead(region, now.AsSpan(from, length));
            now.AsSpan(from, length).CopyTo(request.Content.AsSpan(from));
        }

        int differs = now.AsSpan().CommonPrefixLength(expected);
        if (differs < now.Length && request.Copy is null)
            verdict.Fail($"{request}: byte {differs} of {now.Length} of the buffer was changed, which nobody asked for.");
    }

    /// <summary>What was read is what the disk may have, and the rest is zero.</summary>
    private void CheckRead(ModelRegion region, Span<byte> memory)
    {
        // What is done is taken out, so that zeroes are left.
        foreach ((long offset, long length) in region.Done)
        {
            for (long at = offset; at < offset + length;)
            {
                long sector = at / IoRegion.SectorSize;
                long end = Math.Min((sector + 1) * IoRegion.SectorSize, offset + length);
                Span<byte> part = memory[(int)(at - region.Start)..(int)(end - region.Start)];
                if (!_histories[region.Disk.Index].MayBeRead(sector, (int)(at % IoRegion.SectorSize), part))
                    verdict.Fail($"{region}: what was read of sector {sector} (byte {at - region.Start} of the region) is not what the disk has.");
                at = end;
            }
        }

        Span<byte> rest = memory.ToArray();
        foreach ((long offset, long length) in region.Done)
            rest.Slice((int)(offset - region.Start), (int)length).Clear();
        int left = rest.IndexOfAnyExcept((byte)0);
        if (left >= 0)
            verdict.Fail($"{region}: byte {left} of the region was not read and is not zero.");
    }

    /// <summary>Brings the histories of the region's sectors up to its end.</summary>
    private void Settle(ModelRegion region)
    {
        bool isGood = region.IsToldGood;
        SectorHistory history = _histories[region.Disk.Index];
        if (region.IsFlushed && isGood)
        {
            history.Flush(region.Request.Since);
            CheckDurable(region.Disk);
        }

        if (region.IsRefused || region.Request.Operation is IoOperation.Read or IoOperation.Flush)
            return;

        // Of a FUA write all that lies below the sector that is reported.
        bool isFua = (region.Request.Flags & IoFlags.Fua) != 0;
        long failed = isGood ? long.MaxValue : region.Possible.Count > 0 ? 0 : region.Failures.Min(static failure => failure.Sector);
        for (long at = region.Start; at < region.End; at += IoRegion.SectorSize)
        {
            long sector = at / IoRegion.SectorSize;
            if (at >= region.Cut)
                history.Withdraw(sector, region);
            else if (region.IsDone(at))
                history.Succeed(sector, region, _sequence, isFua && sector < failed);
        }
    }
}
