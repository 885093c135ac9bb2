using System.Diagnostics;
using DmIoUring.Services;

namespace DmIoUring.Cli.Copy;

/// <summary>
/// Reads the source once and writes every destination at once (<see cref="CopyService"/>), then what only a command does: the odd tail, the search for the sector, the
/// checks.
/// </summary>
internal sealed class CopyRun : IProgress<CopyProgress>
{
    private readonly CopyPlan _plan;
    private readonly CopyMeter _meter;
    private readonly CopyLeg[] _legs;
    private readonly FirstFailure _readFailure = new();
    private readonly TailCopy _tail;
    private CopyFailure? _sourceFailure;
    private CopyFailure? _tailFailure;
    private bool _tailReached;
    private IReadOnlyList<CopyRange> _notRead = [];
    private NotReadRanges _notReadRanges = new([]);

    public CopyRun(CopyPlan plan, CopyMeter meter)
    {
        _plan = plan;
        _meter = meter;
        _tail = new TailCopy(plan);
        _legs = [.. plan.Destinations.Select((destination, region) => new CopyLeg(region, destination))];
    }

    void IProgress<CopyProgress>.Report(CopyProgress value) => _meter.SetCopied(value.SectorsDone * IoRegion.SectorSize);

    private IEnumerable<CopyLeg> GoodLegs => _legs.Where(leg => !leg.HasFailed);

    /// <summary>Copies, flushes and verifies. Cancelled, it lets what is under way end and says how far it got.</summary>
    public async Task<CopyReport> RunAsync(CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        CopyResult result = await CopyPiecesAsync(cancellation);
        _notRead = result.NotRead;
        _notReadRanges = new NotReadRanges(_notRead);
        NoteFailures(result);
        bool isInterrupted = result.Outcome == CopyOutcome.Cancelled;

        // Where all destinations have failed, there is nothing to resume.
        bool stopped = isInterrupted || (result.NextSector < _plan.SectorCount && GoodLegs.Any());
        if (!stopped && _plan.TailBytes > 0)
            stopped = !await Task.Run(CopyTail, CancellationToken.None);

        if (!isInterrupted)
        {
            _plan.PhaseBegins?.Invoke(CopyPhase.Flush);
            await FlushAsync([.. GoodLegs]);
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);

        await SearchFailuresAsync();
        if (!stopped)
            isInterrupted = !await CheckAsync(cancellation);
        bool verified = false;
        CopyLeg[] good = [.. GoodLegs];
        if (_plan.Request.Verify && !stopped && !isInterrupted && good.Length > 0)
        {
            _plan.PhaseBegins?.Invoke(CopyPhase.Verify);
            VerifyPass pass = new(_plan, _meter, good, _notReadRanges, _tailFailure is null || _plan.Request.OnError == CopyOnError.Zero ? _tail : null, isTailZeroed: _tailFailure is not null);
            verified = await pass.RunAsync(cancellation);
            _sourceFailure ??= pass.SourceFailure;
            isInterrupted = !verified && cancellation.IsCancellationRequested;
        }

        return Report(result, elapsed, isInterrupted, verified);
    }

    /// <summary>After the pieces: their writes go past the page cache, the tail's page has to be read after them.</summary>
    /// <returns>Whether the copy goes on.</returns>
    private bool CopyTail()
    {
        if (!GoodLegs.Any())
            return true;
        _tailFailure = _tail.Read();
        _sourceFailure = _tailFailure;
        if (_tailFailure is not null && _plan.Request.OnError == CopyOnError.Stop)
            return false;
        _tailReached = true;
        if (_tailFailure is not null && _plan.Request.OnError == CopyOnError.Skip)
            return true;

        // With CopyOnError.Zero, zeroes for what could not be read.
        foreach (CopyLeg leg in GoodLegs)
            leg.Failure = _tail.Write(leg.File);
        _meter.SetCopied(_plan.Bytes);
        return true;
    }

    /// <summary>Whether the check was made to its end.</summary>
    private async Task<bool> CheckAsync(CancellationToken cancellation)
    {
        _plan.PhaseBegins?.Invoke(CopyPhase.Check);
        FinalCheck check = new(_plan, _notReadRanges);
        try
        {
            foreach (CopyLeg leg in GoodLegs)
                leg.Failure = await check.RunAsync(leg.File, cancellation);
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        return true;
    }

    /// <summary>Flushes all the good legs at once.</summary>
    private async Task FlushAsync(CopyLeg[] legs)
    {
        if (legs.Length == 0)
            return;
        IoReport report = new();
        IoRegion[] regions = [.. legs.Select(leg => new IoRegion(leg.Device, 0, 0))];
        await _plan.Client.FlushAsync(regions, new IoRequestOptions(Report: report), CancellationToken.None);
        for (int i = 0; i < legs.Length; i++)
            legs[i].EndFlush(report[i]);
    }

    /// <summary>
    /// Copies all but the tail. A destination that failed gets nothing more from then on, except what is lower than its failure: so that the lowest failure is the lowest
    /// sector that is not there.
    /// </summary>
    private async Task<CopyResult> CopyPiecesAsync(CancellationToken cancellation)
    {
        CopyServiceOptions service = new() { PieceBytes = _plan.Request.BlockBytes, PiecesInFlight = _plan.Request.Depth };
        CopyOptions options = new()
        {
            OnReadError = _plan.Request.OnError switch
            {
                CopyOnError.Stop => CopyReadErrorPolicy.Stop,
                CopyOnError.Zero => CopyReadErrorPolicy.WriteZeroes,
                _ => CopyReadErrorPolicy.SkipPiece,
            },
            OnWriteError = CopyWriteErrorPolicy.DropDestination,
            Throttle = _plan.Request.BytesPerSecond is { } rate ? new CopyThrottle(rate) : null,
            Progress = _meter.IsShown ? this : null,
            StartAt = _plan.Request.ResumeSector,
            Sparse = _plan.Request.Sparse ? CopySparse.DetectZeroes : CopySparse.None,
        };
        IoRegion[] destinations = [.. _legs.Select(leg => new IoRegion(leg.Device, 0, _plan.SectorCount))];
        await using CopyService copies = new(_plan.Client, service);
        return await copies.CopyAsync(new IoRegion(_plan.Source, 0, _plan.SectorCount), destinations, options, cancellation);
    }

    /// <summary>Notes what failed: from the lowest sector of each device that did, as much as a piece has.</summary>
    private void NoteFailures(CopyResult result)
    {
        if (result.SourceFailure.Cause != IoFailureCause.None)
            Note(_readFailure, CopyPhase.Read, result.SourceFailure);
        foreach (int region in result.Failed | result.Unsupported)
        {
            Note(_legs[region].WriteFailure, CopyPhase.Write, result.DestinationFailures[region]);
            _legs[region].IsUnsupported = result.Unsupported[region];
        }
    }

    private void Note(FirstFailure first, CopyPhase phase, in IoFailure failure)
    {
        // Whole blocks of both, as the block is read again to be written again.
        long unit = _plan.Unit / IoRegion.SectorSize;
        long sector = failure.Sector / unit * unit;

        // The piece ends no later; with --sparse the holes decide where.
        first.Note(phase, sector, Math.Min(_plan.PieceSectors, _plan.SectorCount - sector), failure);
    }

    /// <summary>
    /// Every piece below the lowest one that failed on a leg was written to it (<see cref="CopyWriteErrorPolicy.DropDestination"/>), so that one has the leg's
    /// first bad sector.
    /// </summary>
    private async Task SearchFailuresAsync()
    {
        using IoMemory memory = IoMemory.Allocate(_plan.Request.BlockBytes);

        // It is lower than the tail's.
        if (_readFailure.IsSet)
            _sourceFailure = await FailureSearch.InReadAsync(_plan.Client, _plan.Source, _readFailure, memory);
        foreach (CopyLeg leg in _legs.Where(leg => leg.WriteFailure.IsSet))
        {
            // What is written again is what the source says: a read that fails now leaves zeroes, which must go nowhere.
            FirstFailure failed = leg.WriteFailure;
            IoRegion source = new(_plan.Source, failed.Sector, failed.Count);
            IoResult read = await _plan.Client.ReadAsync(source, memory.Slice(0, failed.Count * IoRegion.SectorSize));
            leg.Failure = read.IsSuccess
                ? await FailureSearch.InWriteAsync(_plan.Client, leg.Device, failed, memory)
                : new CopyFailure(CopyPhase.Write, failed.Failure?.ErrnoName, failed.Sector, IsExact: false,
                    FormattableString.Invariant($"writing the piece at sector {failed.Sector}: {failed.Failure?.ErrnoName ?? "failed"}"));
        }
    }

    private CopyReport Report(CopyResult result, TimeSpan elapsed, bool isInterrupted, bool verified)
    {
        bool isTailLeft = _tailFailure is not null && !_tailReached;
        bool isAll = result.NextSector == _plan.SectorCount && !isTailLeft;
        long reached = result.NextSector * IoRegion.SectorSize + (_tailReached ? _plan.TailBytes : 0);
        List<SectorRange> notCopied = [.. _notRead
            .Where(range => range.Sector < result.NextSector)
            .Select(range => new SectorRange(range.Sector, Math.Min(range.Count, result.NextSector - range.Sector)))];
        long copied = reached - (_plan.Request.ResumeSector * IoRegion.SectorSize) - notCopied.Sum(range => range.Count) * IoRegion.SectorSize;
        if (_tailFailure is not null && _tailReached)
        {
            copied -= _plan.TailBytes;
            SectorRange.Append(notCopied, _plan.SectorCount, (_plan.TailBytes + IoRegion.SectorSize - 1) / IoRegion.SectorSize);
        }

        bool failed = _sourceFailure is not null || _legs.Any(leg => leg.HasFailed);
        return new CopyReport
        {
            Outcome = isInterrupted ? CommandOutcome.Interrupted : failed ? CommandOutcome.Failed : CommandOutcome.Complete,
            Source = _plan.Request.Source,
            Bytes = _plan.Bytes,
            ReachedBytes = reached,
            CopiedBytes = copied,
            ResumeSector = isAll || !GoodLegs.Any() ? null : ResumeSector(result.NextSector),
            Failed = Bits(leg => leg.HasFailed && !leg.IsUnsupported),
            Unsupported = Bits(leg => leg.IsUnsupported),
            CopySeconds = elapsed.TotalSeconds,
            BytesPerSecond = copied / elapsed.TotalSeconds,
            SourceFailure = _sourceFailure,
            NotCopied = notCopied.Count == 0 ? null : notCopied,
            Destinations = [.. _legs.Select(leg => new DestinationReport(
                leg.Region,
                _plan.Request.Destinations[leg.Region],
                leg.Destination.IsCreated,
                leg.Device.IsDirect,
                IsComplete: isAll && leg.IsFlushed && !leg.HasFailed && notCopied.Count == 0,
                IsVerified: verified && !leg.HasFailed,
                Math.Max(0, leg.Device.Size - _plan.Bytes),
                leg.Failure))],
        };
    }

    /// <summary>Where the same destinations have to be resumed: no later than what the first of them lacks. The sectors of failures are whole units already.</summary>
    private long ResumeSector(long next)
    {
        foreach (CopyLeg leg in _legs)
        {
            if (leg.WriteFailure.IsSet)
                next = Math.Min(next, leg.WriteFailure.Sector);

            // What was written may be lost, also of a run before this one.
            if (leg.Failure is { Phase: CopyPhase.Flush })
                next = 0;
        }

        return next;
    }

    private RegionBitsReport Bits(Func<CopyLeg, bool> isSet)
    {
        ulong value = 0;
        foreach (CopyLeg leg in _legs.Where(isSet))
            value |= 1UL << leg.Region;
        return RegionBitsReport.Of(new RegionBits(value), _legs.Length);
    }
}
