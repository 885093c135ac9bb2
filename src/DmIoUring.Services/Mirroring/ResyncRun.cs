using System.Diagnostics;
using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services.Mirroring;

/// <summary>One resync: copies the regions that legs lack, each with writes to it kept out, then flushes, then declares the legs in sync.</summary>
internal sealed class ResyncRun(MirrorDevice mirror, MirrorLayout layout, RegionSet unsynced, MirrorResyncOptions options)
{
    /// <summary>Regions that are copied at once, so that the copy does not stop at each region's end.</summary>
    private const int RegionsAtOnce = 2;

    /// <summary>Where no leg can read a whole region, what one can is found in pieces of this size.</summary>
    private const long SmallestPiece = MirrorLayout.BlockSectors;

    private readonly CopyOptions _copy = new() { Throttle = options.Throttle };
    private readonly Lock _progress = new();
    private MirrorLeg[] _targets = [];
    private int[] _regions = [];
    private int _next;
    private long _done;
    private long _unreadable = -1;
    private volatile bool _hasNoSource;

    public async Task<MirrorResyncResult> RunAsync(CancellationToken cancellation)
    {
        bool hadUnsynced;
        lock (mirror.Gate)
        {
            _targets = mirror.BeginResync();
            _regions = Plan();
            hadUnsynced = unsynced.Any;
        }

        bool isCancelled = false;
        string? failure = "the resync did not end";
        try
        {
            // What is in doubt on these legs is written again from here on.
            foreach (MirrorLeg leg in _targets)
            {
                if (leg.Device!.Doubt is { } doubt)
                    leg.Device.AcknowledgeDoubt(doubt);
            }

            // They say themselves from here on that they are not in sync: opened alone, they are refused.
            if (!mirror.IsRecorded && !await mirror.CommitAsync().ConfigureAwait(false))
            {
                failure = "the resync could be recorded on no leg";
                return Result(failure, isCancelled);
            }

            using (CopyService copies = new(mirror.Client))
                await Task.WhenAll(Enumerable.Range(0, RegionsAtOnce).Select(_ => CopyRegionsAsync(copies, cancellation))).ConfigureAwait(false);
            isCancelled = cancellation.IsCancellationRequested && _done < _regions.Length
                || WhyIncomplete() is null && !await WriteChecksumsAsync(cancellation).ConfigureAwait(false);
            failure = isCancelled ? "the resync was cancelled" : WhyIncomplete() ?? await FlushAsync(hadUnsynced).ConfigureAwait(false);
        }
        finally
        {
            lock (mirror.Gate)
            {
                foreach (MirrorLeg leg in _targets)
                    mirror.EndResync(leg, failure);
            }
        }

        return Result(failure, isCancelled);
    }

    private MirrorResyncResult Result(string? failure, bool isCancelled)
    {
        lock (mirror.Gate)
        {
            return new MirrorResyncResult
            {
                Outcome = failure is null && !mirror.NeedsResync ? MirrorResyncOutcome.Complete : isCancelled ? MirrorResyncOutcome.Cancelled : MirrorResyncOutcome.Incomplete,
                CopiedRegions = _done,
                InSync = Bits(static leg => leg.IsInSync),
                Failed = Bits(static leg => !leg.IsInSync),
                UnreadableSector = _unreadable < 0 ? null : _unreadable,
            };
        }
    }

    /// <summary>The regions that a leg lacks, or that may differ.</summary>
    private int[] Plan()
    {
        bool isAll = Array.Exists(_targets, static leg => leg.LacksAll);
        bool isLogged = _targets.Length > 0;
        return [.. Enumerable.Range(0, layout.Regions).Where(region => isAll || isLogged && mirror.Log.IsDirty(region) || unsynced[region])];
    }

    private async Task CopyRegionsAsync(CopyService copies, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested && !_hasNoSource && Interlocked.Read(ref _unreadable) < 0)
        {
            int at = Interlocked.Increment(ref _next) - 1;
            if (at >= _regions.Length)
                return;
            (long sector, long count) = layout.Region(_regions[at]);
            await mirror.LockRangeAsync(sector, count).ConfigureAwait(false);
            bool isDone;
            try
            {
                isDone = await CopyRegionAsync(copies, _regions[at], sector, count, cancellation).ConfigureAwait(false);
            }
            finally
            {
                mirror.UnlockRange(sector, count);
            }

            if (!isDone)
                return;
            Report();
        }
    }

    private void Report()
    {
        lock (_progress)
        {
            _done++;
            try
            {
                options.Progress?.Report(new MirrorResyncProgress(_regions.Length, _done));
            }
            catch (Exception exception)
            {
                Trace.TraceError($"MirrorResyncOptions.Progress threw: {exception}");
            }
        }
    }

    /// <summary>Whether it came to its end; false: it was cancelled, or no leg may be copied from any more.</summary>
    private async Task<bool> CopyRegionAsync(CopyService copies, int region, long sector, long count, CancellationToken cancellation)
    {
        ulong unreadableFrom = 0;
        while (true)
        {
            MirrorLeg? source;
            MirrorLeg[] destinations;
            IoRegion from;
            IoRegion[] to;
            lock (mirror.Gate)
            {
                source = mirror.ChooseSource(unreadableFrom);
                destinations = source is null ? [] : Destinations(region, source);
                from = source is null ? default : new IoRegion(source.Device!, sector, count);
                to = Array.ConvertAll(destinations, leg => new IoRegion(leg.Device!, sector, count));
            }

            if (source is null && unreadableFrom == 0)
            {
                _hasNoSource = true;
                return false;
            }

            if (source is null)
            {
                await CopyInPiecesAsync(region, sector, count).ConfigureAwait(false);
                return true;
            }

            if (destinations.Length == 0)
            {
                lock (mirror.Gate)
                    unsynced.Remove(region);
                return true;
            }

            uint[] checksums = mirror.HasChecksums ? new uint[count / MirrorLayout.BlockSectors] : [];
            CopyOptions copy = mirror.HasChecksums ? _copy with { Check = (long at, long length, in IoBuffer piece) => mirror.CheckCopied(source, at, length, piece, Part(checksums, at - sector, length)) } : _copy;
            CopyResult result = await copies.CopyAsync(from, to, copy, cancellation).ConfigureAwait(false);
            if (result.Outcome == CopyOutcome.Complete)
            {
                mirror.CompleteChecksums(source, destinations, region, sector, checksums);
                lock (mirror.Gate)
                    unsynced.Remove(region);
                return true;
            }

            // An error stops a copy, so the destinations that are left lack the rest of the region: it begins again, with another source or without the legs that failed.
            if (result.SourceFailure.Cause != IoFailureCause.None)
                unreadableFrom |= 1UL << source.Index;
            lock (mirror.Gate)
            {
                foreach (int bit in result.Failed | result.Unsupported)
                    mirror.FailCopy(destinations[bit], result.DestinationFailures[bit].ToString());
            }

            if (result.Outcome == CopyOutcome.Cancelled)
                return false;
        }
    }

    private static Span<uint> Part(uint[] checksums, long sector, long count) =>
        checksums.AsSpan((int)(sector / MirrorLayout.BlockSectors), (int)(count / MirrorLayout.BlockSectors));

    /// <summary>Must be called with the lock held.</summary>
    private MirrorLeg[] Destinations(int region, MirrorLeg source)
    {
        IEnumerable<MirrorLeg> lacking = _targets.Where(leg => leg.State == MirrorLegState.Resyncing && (leg.LacksAll || mirror.Log.IsDirty(region)));
        return [.. unsynced[region] ? lacking.Concat(mirror.InSyncLegs().Where(leg => leg != source)) : lacking];
    }

    /// <summary>Each leg in sync fails somewhere in the region, but perhaps not at the same place.</summary>
    private async Task CopyInPiecesAsync(int region, long sector, long count)
    {
        using IoMemory memory = IoMemory.Allocate(SmallestPiece * IoRegion.SectorSize);
        uint[] checksums = new uint[1];
        for (long at = sector; at < sector + count; at += SmallestPiece)
        {
            long length = Math.Min(SmallestPiece, sector + count - at);
            if (!await CopyPieceAsync(region, at, length, memory, checksums).ConfigureAwait(false))
            {
                lock (mirror.Gate)
                    _unreadable = _unreadable < 0 ? at : Math.Min(_unreadable, at);
                return;
            }
        }

        lock (mirror.Gate)
            unsynced.Remove(region);
    }

    private async Task<bool> CopyPieceAsync(int region, long sector, long count, IoMemory memory, uint[] checksums)
    {
        ulong unreadableFrom = 0;
        while (true)
        {
            MirrorLeg? source;
            lock (mirror.Gate)
                source = mirror.ChooseSource(unreadableFrom);
            if (source is null)
                return false;
            IoBuffer piece = memory.Slice(0, count * IoRegion.SectorSize);
            IoResult read = await mirror.Client.ReadAsync(new IoRegion(source.Device!, sector, count), piece).ConfigureAwait(false);
            checksums.AsSpan().Clear();
            if (!read.IsSuccess || mirror.CheckCopied(source, sector, count, piece, checksums).Cause != IoFailureCause.None)
            {
                unreadableFrom |= 1UL << source.Index;
                continue;
            }

            MirrorLeg[] destinations;
            lock (mirror.Gate)
                destinations = Destinations(region, source);
            foreach (MirrorLeg leg in destinations)
            {
                IoResult written = await mirror.Client.WriteAsync(new IoRegion(leg.Device!, sector, count), piece).ConfigureAwait(false);
                if (written.IsSuccess)
                    continue;
                (IoFailure failure, _) = await mirror.RetryAsync(
                    MirrorDevice.Change.Write, leg, sector, count, piece, IoFlags.None, written.First, !written.Unsupported.IsEmpty).ConfigureAwait(false);
                if (failure.Cause == IoFailureCause.None)
                    continue;
                lock (mirror.Gate)
                    mirror.FailCopy(leg, failure.ToString());
            }

            mirror.CompleteChecksums(source, destinations, region, sector, checksums);
            return true;
        }
    }

    /// <summary>Why not all was copied; null: it was.</summary>
    private string? WhyIncomplete() =>
        _hasNoSource ? "every leg in sync has come into doubt meanwhile"
        : _unreadable >= 0 ? FormattableString.Invariant($"sector {_unreadable} could be read from no leg in sync")
        : null;

    /// <summary>A leg that has none of the checksums gets all; one that comes back gets those of the regions that it gets. Of regions that are dirty on all legs, cleaning writes them.</summary>
    /// <returns>Whether all were written; false: it was cancelled.</returns>
    private async Task<bool> WriteChecksumsAsync(CancellationToken cancellation)
    {
        try
        {
            if (_targets.Length > 0)
                await mirror.WriteCopiedChecksumsAsync([.. _regions], cancellation).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Makes the copies durable.</summary>
    /// <returns>Why no leg may be declared in sync; null: those that still are being resynchronized may.</returns>
    private async Task<string?> FlushAsync(bool hadUnsynced)
    {
        MirrorCall call;
        lock (mirror.Gate)
            call = mirror.RentCall(leg => leg.State == MirrorLegState.Resyncing || (hadUnsynced || mirror.HasChecksums) && leg.IsInSync);
        try
        {
            if (call.Legs.Length > 0)
            {
                IoResult flushed = await mirror.Client.FlushAsync(call.Regions(0, 0), new IoRequestOptions(Report: call.Report)).ConfigureAwait(false);
                foreach (int region in flushed.Failed | flushed.Unsupported)
                {
                    (IoFailure failure, bool isUnsupported) = await mirror.RetryAsync(
                        MirrorDevice.Change.Flush, call.Legs[region], 0, 0, default, IoFlags.None, call.Failure(flushed, region), flushed.Unsupported[region]).ConfigureAwait(false);
                    if (failure.Cause == IoFailureCause.None && !isUnsupported)
                        continue;
                    lock (mirror.Gate)
                        mirror.FailCopy(call.Legs[region], failure.ToString());
                }
            }
        }
        finally
        {
            lock (mirror.Gate)
                mirror.ReturnCall(call);
        }

        lock (mirror.Gate)
            return mirror.ChooseSource(without: 0) is null ? "every leg in sync has come into doubt meanwhile" : null;
    }

    private RegionBits Bits(Func<MirrorLeg, bool> predicate)
    {
        ulong bits = 0;
        foreach (MirrorLeg leg in _targets.Where(predicate))
            bits |= 1UL << leg.Index;
        return new RegionBits(bits);
    }
}
