using System.Runtime.CompilerServices;
using DmIoUring.Services.Mirroring;

namespace DmIoUring.Services;

/// <content>Reads: from one leg, and from another where it fails.</content>
public sealed partial class MirrorDevice
{
    private const int ErrnoIo = 5;
    private const int ErrnoInvalid = 22;

    /// <summary>Regions in which legs in sync may differ, because writes were in flight when the mirror was not closed, or have failed on all legs. They are read from one leg.</summary>
    private readonly RegionSet _unsynced;
    private int _nextRead;

    /// <summary>Reads from a leg that is in sync; when it fails, from the others.</summary>
    /// <param name="sector">The first sector, of 512 bytes.</param>
    /// <param name="count">Sectors of 512 bytes, at least 1.</param>
    /// <param name="buffer">Where to; at least as long. Free to use again when the task completes. Zeroed where the read failed on every leg; undefined where a leg has returned data that is not what was written, and no other has what was.</param>
    /// <returns>How it ended: done when one leg could. <see cref="MirrorResult.Legs"/> says which could not; EILSEQ of one with <see cref="MirrorCreateOptions.Checksums"/>: it has returned other data than was written.</returns>
    /// <exception cref="ArgumentException">The range or the buffer is invalid.</exception>
    /// <exception cref="ObjectDisposedException">The mirror, the client, a leg's device or the buffer was disposed.</exception>
    public ValueTask<MirrorResult> ReadAsync(long sector, long count, IoBuffer buffer)
    {
        MirrorResult? refusal = Refuses(sector, count);
        CheckBuffer(count, buffer);
        return refusal is { } refused ? new ValueTask<MirrorResult>(refused) : ReadLegAsync(sector, count, buffer);
    }

    /// <summary>As <see cref="ReadAsync"/>, and waits. Not in a callback of a client or a reactor.</summary>
    /// <param name="sector">The first sector, of 512 bytes.</param>
    /// <param name="count">Sectors of 512 bytes, at least 1.</param>
    /// <param name="buffer">Where to; at least as long. As in <see cref="ReadAsync"/> where no leg has it.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="InvalidOperationException">The calling thread runs a callback.</exception>
    /// <inheritdoc cref="ReadAsync" path="/exception"/>
    public MirrorResult Read(long sector, long count, IoBuffer buffer)
    {
        RefuseInCallback();
        MirrorResult? refusal = Refuses(sector, count);
        CheckBuffer(count, buffer);
        if (refusal is { } refused)
            return refused;
        MirrorLeg leg = BeginRead(sector, count, out BlockDevice device);
        IoResult result = default;
        ReadEnd end = ReadEnd.Threw;
        try
        {
            result = Client.Read(new IoRegion(device, sector, count), buffer);
            end = EndOf(result, sector, count, buffer);
        }
        finally
        {
            EndRead(leg, end);
        }

        return end == ReadEnd.Right ? new MirrorResult(IsSuccess: true, default) : Wait(ReadElsewhereAndEndCallAsync(leg, result, sector, count, buffer));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<MirrorResult> ReadLegAsync(long sector, long count, IoBuffer buffer)
    {
        MirrorLeg leg = BeginRead(sector, count, out BlockDevice device);
        IoResult result = default;
        ReadEnd end = ReadEnd.Threw;
        try
        {
            result = await Client.ReadAsync(new IoRegion(device, sector, count), buffer).ConfigureAwait(false);
            end = EndOf(result, sector, count, buffer);
        }
        finally
        {
            EndRead(leg, end);
        }

        return end == ReadEnd.Right
            ? new MirrorResult(IsSuccess: true, default)
            : await ReadElsewhereAndEndCallAsync(leg, result, sector, count, buffer).ConfigureAwait(false);
    }

    private MirrorLeg BeginRead(long sector, long count, out BlockDevice device)
    {
        lock (Gate)
        {
            BeginCall();
            MirrorLeg leg = ChooseLeg(sector, count);
            leg.ReadsInFlight++;
            device = leg.Device!;
            return leg;
        }
    }

    private ReadEnd EndOf(IoResult result, long sector, long count, in IoBuffer buffer) =>
        !result.IsSuccess ? ReadEnd.Failed : Matches(sector, count, buffer) ? ReadEnd.Right : ReadEnd.Suspect;

    /// <summary>The call goes on only where the leg has answered, and not with the right data.</summary>
    private void EndRead(MirrorLeg leg, ReadEnd end)
    {
        lock (Gate)
        {
            leg.ReadsInFlight--;
            if (end == ReadEnd.Right)
                leg.Reads++;
            else if (end == ReadEnd.Failed)
                leg.FailedReads++;
            if (end is ReadEnd.Right or ReadEnd.Threw)
                EndCall();
        }
    }

    private async ValueTask<MirrorResult> ReadElsewhereAndEndCallAsync(MirrorLeg leg, IoResult result, long sector, long count, IoBuffer buffer)
    {
        try
        {
            return HasChecksums
                ? await ReadVerifiedAsync(leg, result, sector, count, buffer).ConfigureAwait(false)
                : await ReadElsewhereAsync(leg, result, sector, count, buffer).ConfigureAwait(false);
        }
        finally
        {
            lock (Gate)
                EndCall();
        }
    }

    /// <summary>Must be called with the lock held. There is always a leg in sync.</summary>
    private MirrorLeg ChooseLeg(long sector, long count)
    {
        MirrorReadPolicy policy = IsUnsynced(sector, count) ? MirrorReadPolicy.First : _options.ReadPolicy;
        MirrorLeg? best = null;
        int start = policy == MirrorReadPolicy.RoundRobin ? _nextRead : 0;
        for (int i = 0; i < _legs.Length; i++)
        {
            MirrorLeg leg = _legs[(start + i) % _legs.Length];
            if (!leg.IsInSync || best is not null && best.ReadsInFlight <= leg.ReadsInFlight)
                continue;
            best = leg;
            if (policy != MirrorReadPolicy.LeastBusy)
                break;
        }

        _nextRead = (best!.Index + 1) % _legs.Length;
        return best;
    }

    private bool IsUnsynced(long sector, long count)
    {
        if (!_unsynced.Any)
            return false;
        int last = _layout.RegionOf(sector + count - 1);
        for (int region = _layout.RegionOf(sector); region <= last; region++)
        {
            if (_unsynced[region])
                return true;
        }

        return false;
    }

    private async ValueTask<MirrorResult> ReadElsewhereAsync(MirrorLeg first, IoResult firstResult, long sector, long count, IoBuffer buffer)
    {
        LegFailures failures = default;
        failures.Add(first, firstResult.First, !firstResult.Unsupported.IsEmpty);
        while (true)
        {
            MirrorLeg? leg;
            lock (Gate)
                leg = Array.Find(_legs, other => other.IsInSync && !failures.Has(other));
            if (leg is null)
                return new MirrorResult(IsSuccess: false, failures.Result);
            IoResult result = await Client.ReadAsync(new IoRegion(leg.Device!, sector, count), buffer).ConfigureAwait(false);
            lock (Gate)
            {
                if (result.IsSuccess)
                    leg.Reads++;
                else
                    leg.FailedReads++;
            }

            if (!result.IsSuccess)
            {
                failures.Add(leg, result.First, !result.Unsupported.IsEmpty);
                continue;
            }

            if (_options.RepairReads && failures.HasMedium)
                await RepairAsync(leg, failures, sector, count).ConfigureAwait(false);
            return new MirrorResult(IsSuccess: true, failures.Result);
        }
    }

    /// <summary>Writes the sectors that legs could not read again, from one that could. What was read before may have been written meanwhile, so it is read again.</summary>
    private async ValueTask RepairAsync(MirrorLeg source, LegFailures failures, long sector, long count)
    {
        await LockRangeAsync(sector, count).ConfigureAwait(false);
        try
        {
            if (!source.IsInSync)
                return;
            using IoMemory? memory = TryAllocate(count * IoRegion.SectorSize);
            if (memory is null)
                return;
            IoResult read = await Client.ReadAsync(new IoRegion(source.Device!, sector, count), memory).ConfigureAwait(false);
            if (read.IsSuccess)
                await WriteRepairAsync(failures, sector, count, memory).ConfigureAwait(false);
        }
        finally
        {
            UnlockRange(sector, count);
        }

        // If it can't be recorded, the next write tries again and is not acknowledged before.
        if (!IsRecorded)
            await CommitAsync().ConfigureAwait(false);
    }

    /// <summary>Writes to the legs whose medium has failed, durably: the log may say that these regions are clean. Must be called with the range locked.</summary>
    private async ValueTask WriteRepairAsync(LegFailures failures, long sector, long count, IoBuffer data)
    {
        MirrorCall call;
        lock (Gate)
            call = RentCall(leg => leg.IsInSync && failures.Has(leg) && failures.IsMedium(leg));
        try
        {
            if (call.Legs.Length == 0)
                return;
            IoResult written = await Client.WriteAsync(call.Regions(sector, count), data, new IoRequestOptions(IoFlags.Fua, Report: call.Report)).ConfigureAwait(false);
            LegFailures unrepaired = LegFailures.Of(written, call);
            lock (Gate)
            {
                foreach (MirrorLeg leg in call.Legs)
                {
                    if (!unrepaired.Has(leg))
                        leg.Repairs++;
                    else if (unrepaired.IsMedium(leg) && leg.IsInSync && Array.Exists(_legs, other => other.IsInSync && other != leg))
                        SetState(leg, MirrorLegState.OutOfSync, unrepaired.Reason(leg));
                }
            }
        }
        finally
        {
            lock (Gate)
                ReturnCall(call);
        }
    }

    /// <summary>A read that has succeeded does not fail because there is no memory for the repair.</summary>
    private static IoMemory? TryAllocate(long length)
    {
        try
        {
            return IoMemory.Allocate(length);
        }
        catch (OutOfMemoryException)
        {
            return null;
        }
    }

    private static void CheckBuffer(long count, in IoBuffer buffer)
    {
        if (buffer.Length / IoRegion.SectorSize < count)
            throw new ArgumentException(FormattableString.Invariant($"The buffer has {buffer.Length} bytes, and {count} sectors are more."), nameof(buffer));
    }

    /// <summary>A range that no leg is asked for; throws where it can be no range.</summary>
    private MirrorResult? Refuses(long sector, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sector);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, long.MaxValue / IoRegion.SectorSize - sector);
        ObjectDisposedException.ThrowIf(_disposal is not null, this);
        if (sector + count > SectorCount)
            return new MirrorResult(IsSuccess: false, new IoResult(WrittenBits(), RegionBits.None, new IoFailure(WrittenBits().First, sector, ErrnoIo, IoFailureCause.BeyondEnd)));
        long block = LogicalBlockSize / IoRegion.SectorSize;
        return (sector | count) % block == 0
            ? null
            : new MirrorResult(IsSuccess: false, new IoResult(RegionBits.None, WrittenBits(), new IoFailure(WrittenBits().First, sector, ErrnoInvalid, IoFailureCause.Misaligned)));
    }

    private RegionBits WrittenBits()
    {
        ulong bits = 0;
        lock (Gate)
        {
            foreach (MirrorLeg leg in _legs)
                bits |= leg.IsWritten ? 1UL << leg.Index : 0;
        }

        return new RegionBits(bits);
    }

    /// <summary>How a leg has answered a read.</summary>
    private enum ReadEnd
    {
        Threw,
        Failed,

        /// <summary>With other data than was written, or a write was in flight.</summary>
        Suspect,
        Right,
    }
}
