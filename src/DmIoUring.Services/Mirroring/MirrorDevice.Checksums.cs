using DmIoUring.Services.Mirroring;
using DmIoUring.Services.Mirroring.Checksums;
using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services;

/// <content>Checksums of the data: what a leg returns is believed only where it matches.</content>
public sealed partial class MirrorDevice
{
    /// <summary>The kernel's word for data that is not what its protection information says (BLK_STS_PROTECTION).</summary>
    private const int ErrnoIllegalSequence = 84;

    /// <summary>Sectors of a discard that the engine does not split.</summary>
    private const long LargestDiscard = (1L << 30) / IoRegion.SectorSize;

    private readonly ChecksumTable? _checksums;
    private readonly ChecksumStore? _checksumStore;

    /// <summary>Whether every block of the data has a checksum: see <see cref="MirrorCreateOptions.Checksums"/>.</summary>
    public bool HasChecksums => _checksums is not null;

    /// <summary>Whether the checksums on the legs hold for dirty regions too. Must be accessed with the lock held.</summary>
    internal bool AreChecksumsWhole { get; set; }

    internal ChecksumTable? Checksums => _checksums;

    /// <summary>Writes the checksums of copied regions to all legs that are written to; the flush that ends the resync makes them durable.</summary>
    /// <exception cref="OperationCanceledException">Not all were written.</exception>
    internal Task WriteCopiedChecksumsAsync(List<int> regions, CancellationToken cancellation) => _checksumStore?.WriteCopiedAsync(regions, cancellation) ?? Task.CompletedTask;

    /// <summary>From now on, until the mirror is closed, those of dirty regions do not hold on the legs.</summary>
    private async Task LoadChecksumsAsync(CancellationToken cancellationToken)
    {
        if (_checksumStore is null)
            return;
        await _checksumStore.LoadAsync([.. _legs.Where(static leg => leg.IsInSync).Select(static leg => leg.Device!)], cancellationToken).ConfigureAwait(false);
        lock (Gate)
        {
            if (!AreChecksumsWhole)
                _checksumStore.Forget(Log);
            AreChecksumsWhole = false;
        }
    }

    /// <summary>Whether a buffer has what was last written there, as far as that is known without a lock: a write may be in flight.</summary>
    private bool Matches(long sector, long count, in IoBuffer buffer) => _checksums is null || _checksums.FindWrong(sector, count, buffer) < 0;

    /// <summary>Before a change is submitted, with its range locked.</summary>
    private void BeginChecksums(Change change, MirrorCall call, long sector, long count, in IoBuffer buffer)
    {
        if (HasChecksums && change == Change.Write)
            ChecksumTable.Compute(sector, count, buffer, ref call.Checksums);
    }

    /// <summary>After it, with its range still locked. A discard that no leg can do has changed nothing, where it was one command.</summary>
    private void EndChecksums(Change change, MirrorCall call, long sector, long count, in MirrorResult result)
    {
        if (_checksums is null)
            return;
        if (change == Change.Write && result.IsSuccess)
            _checksums.Set(sector, count, call.Checksums);
        else if (change == Change.WriteZeroes && result.IsSuccess)
            _checksums.SetZeroes(sector, count);
        else if (change != Change.Discard || count > LargestDiscard || !AreUnsupported(call.Legs, result.Legs))
            _checksums.Forget(sector, count);
    }

    private static bool AreUnsupported(MirrorLeg[] legs, IoResult result)
    {
        foreach (MirrorLeg leg in legs)
        {
            if (!result.Unsupported[leg.Index])
                return false;
        }

        return true;
    }

    /// <summary>
    /// After a leg could not be read, or has returned something else than was written: reads with writes kept out, all of it from one leg, or else block by block from any of them. Then writes it to
    /// those that did not have it.
    /// </summary>
    private async ValueTask<MirrorResult> ReadVerifiedAsync(MirrorLeg first, IoResult firstResult, long sector, long count, IoBuffer buffer)
    {
        LegFailures failures = default;
        if (!firstResult.IsSuccess)
            failures.Add(first, firstResult.First, !firstResult.Unsupported.IsEmpty);
        await LockRangeAsync(sector, count).ConfigureAwait(false);
        try
        {
            MirrorLeg[] legs;
            lock (Gate)
                legs = [.. LegsThat(static leg => leg.IsInSync).OrderBy(leg => leg == first ? 0 : 1)];
            bool isRight = false;
            for (int i = 0; i < legs.Length && !isRight; i++)
            {
                if (failures.Has(legs[i]))
                    continue;
                (isRight, IoFailure failure, bool isUnsupported) = await ReadAndCheckAsync(legs[i], sector, 0, count, buffer).ConfigureAwait(false);
                Count(legs[i], isRight, failure);
                if (!isRight)
                    failures.Add(legs[i], failure, isUnsupported);
            }

            if (!isRight && !await ReadBlocksAsync(legs, sector, count, buffer).ConfigureAwait(false))
                return new MirrorResult(IsSuccess: false, failures.Result);
            if (!failures.IsEmpty && _options.RepairReads)
                await WriteRepairAsync(failures, sector, count, buffer).ConfigureAwait(false);
        }
        finally
        {
            UnlockRange(sector, count);
        }

        if (!IsRecorded)
            await CommitAsync().ConfigureAwait(false);
        return new MirrorResult(IsSuccess: true, failures.Result);
    }

    /// <summary>Each leg lacks some of it, but perhaps not the same.</summary>
    private async ValueTask<bool> ReadBlocksAsync(MirrorLeg[] legs, long sector, long count, IoBuffer buffer)
    {
        for (long at = 0; at < count; at += MirrorLayout.BlockSectors)
        {
            bool isRight = false;
            for (int i = 0; i < legs.Length && !isRight; i++)
                (isRight, _, _) = await ReadAndCheckAsync(legs[i], sector, at, MirrorLayout.BlockSectors, buffer).ConfigureAwait(false);
            if (!isRight)
                return false;
        }

        return true;
    }

    /// <summary>Reads a part of the range into its place in the buffer.</summary>
    private async ValueTask<(bool IsRight, IoFailure Failure, bool IsUnsupported)> ReadAndCheckAsync(MirrorLeg leg, long sector, long at, long count, IoBuffer buffer)
    {
        IoResult result = await Client.ReadAsync(new IoRegion(leg.Device!, sector + at, count, at * IoRegion.SectorSize), buffer).ConfigureAwait(false);
        if (!result.IsSuccess)
            return (false, result.First, !result.Unsupported.IsEmpty);
        long wrong = _checksums!.FindWrong(sector, at + count, buffer, from: at);
        return (wrong < 0, wrong < 0 ? default : WrongData(sector + wrong), false);
    }

    /// <summary>For a copy that is about to be written to other legs.</summary>
    /// <param name="source">The leg that it was read from.</param>
    /// <param name="sector">Where.</param>
    /// <param name="count">Sectors.</param>
    /// <param name="buffer">What was read.</param>
    /// <param name="found">Where the checksums of blocks go that have none, one for each block of the buffer.</param>
    /// <returns>Where it has other data than was written; none: nowhere.</returns>
    internal IoFailure CheckCopied(MirrorLeg source, long sector, long count, in IoBuffer buffer, Span<uint> found)
    {
        if (_checksums is null)
            return default;
        long wrong = _checksums.FindWrong(sector, count, buffer);
        if (wrong < 0)
        {
            _checksums.ComputeUnknown(sector, count, buffer, found);
            return default;
        }

        IoFailure failure = WrongData(sector + wrong);
        Count(source, isRight: false, failure);
        return failure;
    }

    /// <summary>
    /// Something in a region was copied, with the region's range locked: its blocks have the checksums that were found, if no leg can have anything else there. A leg that was no destination may have other
    /// data where none was ever written, or where it was discarded, unless it is out of sync and will be copied to: all of it, or this region, which stays dirty until then.
    /// </summary>
    internal void CompleteChecksums(MirrorLeg source, MirrorLeg[] destinations, int region, long sector, ReadOnlySpan<uint> found)
    {
        if (_checksums is null)
            return;
        lock (Gate)
        {
            if (Array.TrueForAll(_legs, leg => leg == source || leg.LacksAll || leg.IsWritten && destinations.Contains(leg) || !leg.IsInSync && Log.IsDirty(region)))
                _checksums.Complete(sector, found);
        }
    }

    private static IoFailure WrongData(long sector) => new(0, sector, ErrnoIllegalSequence, IoFailureCause.Device);

    private void Count(MirrorLeg leg, bool isRight, IoFailure failure)
    {
        lock (Gate)
        {
            if (isRight)
                leg.Reads++;
            else if (failure.Errno == ErrnoIllegalSequence)
                leg.CorruptReads++;
            else
                leg.FailedReads++;
        }
    }
}
