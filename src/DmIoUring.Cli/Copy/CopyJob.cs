using System.Diagnostics;

namespace DmIoUring.Cli.Copy;

/// <summary>
/// Reads the source once and writes every destination at once, some pieces at a time. A destination that failed is left
/// alone from then on: its region stays in the request with a count of 0, so that every bit keeps its meaning.
/// </summary>
internal sealed class CopyJob
{
    private readonly CopyPlan _plan;
    private readonly CopyProgress _progress;
    private readonly CopyLeg[] _legs;
    private readonly Lock _lock = new();
    private readonly SortedSet<long> _unreadable = [];
    private readonly FirstFailure _readFailure = new();
    private readonly TailCopy _tail;
    private CopyFailure? _sourceFailure;
    private CopyFailure? _tailFailure;
    private bool _tailReached;
    private long _nextPiece;

    public CopyJob(CopyPlan plan, CopyProgress progress)
    {
        _plan = plan;
        _progress = progress;
        _tail = new TailCopy(plan);
        _legs = [.. plan.Destinations.Select((destination, region) => new CopyLeg(region, destination))];
    }

    private IEnumerable<CopyLeg> GoodLegs => _legs.Where(leg => !leg.HasFailed);

    /// <summary>Copies, flushes and verifies. Cancelled, it lets what is under way end and says how far it got.</summary>
    public async Task<CopyReport> RunAsync(CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        await Workers.RunAsync(_plan.Request.Depth, () => CopyPiecesAsync(cancellation));
        long pieces = Math.Min(Interlocked.Read(ref _nextPiece), _plan.PieceCount);
        bool stopped = pieces < _plan.PieceCount && cancellation.IsCancellationRequested;
        if (!stopped)
        {
            if (_plan.TailBytes > 0)
                await Task.Run(CopyTail, CancellationToken.None);
            _plan.PhaseBegins?.Invoke(CopyPhase.Flush);
            await FlushAsync([.. GoodLegs]);
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);

        await SearchFailuresAsync();
        if (!stopped)
            await CheckAsync();
        bool verified = false;
        CopyLeg[] good = [.. GoodLegs];
        if (_plan.Request.Verify && !stopped && good.Length > 0)
        {
            _plan.PhaseBegins?.Invoke(CopyPhase.Verify);
            VerifyPass pass = new(_plan, _progress, good, _unreadable.Contains, _tailFailure is null ? _tail : null);
            verified = await pass.RunAsync(cancellation);
            _sourceFailure ??= pass.SourceFailure;
            stopped = !verified && cancellation.IsCancellationRequested;
        }

        return Report(pieces, elapsed, stopped, verified);
    }

    /// <summary>After the pieces: their writes go past the page cache, the tail's page has to be read after them.</summary>
    private void CopyTail()
    {
        if (!GoodLegs.Any())
            return;
        _tailReached = true;
        _tailFailure = _tail.Read();
        _sourceFailure = _tailFailure;
        if (_tailFailure is not null)
            return;
        foreach (CopyLeg leg in GoodLegs)
            leg.Failure = _tail.Write(leg.File);
        _progress.AddCopied(_plan.TailBytes);
    }

    private async Task CheckAsync()
    {
        _plan.PhaseBegins?.Invoke(CopyPhase.Check);
        FinalCheck check = new(_plan, _unreadable.Contains);
        foreach (CopyLeg leg in GoodLegs)
            leg.Failure = await check.RunAsync(leg.File);
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

    private async Task CopyPiecesAsync(CancellationToken cancellation)
    {
        using IoMemory memory = IoMemory.Allocate(_plan.Request.BlockBytes);
        IoRegion[] regions = new IoRegion[_legs.Length];
        IoReport report = new();
        while (!cancellation.IsCancellationRequested && GoodLegs.Any())
        {
            long piece = Interlocked.Increment(ref _nextPiece) - 1;
            if (piece >= _plan.PieceCount)
                return;
            (long sector, long count) = _plan.Piece(piece);
            IoBuffer buffer = memory.Slice(0, count * IoRegion.SectorSize);
            // Whoever interrupts the copy waits for what is under way: no piece is left half written.
            IoResult read = await _plan.Client.ReadAsync(
                new IoRegion(_plan.Source, sector, count), buffer, cancellationToken: CancellationToken.None);
            if (read.IsSuccess)
                await WritePieceAsync(regions, sector, count, buffer, report);
            else
                NoteUnreadable(piece, sector, count, read.First);
            _progress.AddCopied(count * IoRegion.SectorSize);
        }
    }

    private async ValueTask WritePieceAsync(IoRegion[] regions, long sector, long count, IoBuffer buffer, IoReport report)
    {
        for (int region = 0; region < regions.Length; region++)
            regions[region] = new IoRegion(_legs[region].Device, sector, _legs[region].Abandons(sector) ? 0 : count);

        IoResult result = await _plan.Client.WriteAsync(regions, buffer, new IoRequestOptions(Report: report));
        foreach (int region in result.Failed | result.Unsupported)
        {
            CopyLeg leg = _legs[region];
            leg.WriteFailure.Note(CopyPhase.Write, sector, count, report[region]);
            if (result.Unsupported[region])
                leg.IsUnsupported = true;
        }
    }

    private void NoteUnreadable(long piece, long sector, long count, IoFailure failure)
    {
        _readFailure.Note(CopyPhase.Read, sector, count, failure);
        lock (_lock)
            _unreadable.Add(piece);
    }

    /// <summary>
    /// Every piece below the lowest one that failed on a leg was written to it (<see cref="CopyLeg.Abandons"/>), so that one has the leg's
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

    private CopyReport Report(long pieces, TimeSpan elapsed, bool stopped, bool verified)
    {
        long reached = Math.Min(pieces * _plan.Request.BlockBytes, _plan.SectorCount * IoRegion.SectorSize) + (_tailReached ? _plan.TailBytes : 0);
        List<SectorRange> notCopied = [];
        foreach ((long sector, long count) in _unreadable.Select(_plan.Piece))
            SectorRange.Append(notCopied, sector, count);
        long copied = reached - notCopied.Sum(range => range.Count) * IoRegion.SectorSize - (_tailFailure is null ? 0 : _plan.TailBytes);
        if (_tailFailure is not null)
            SectorRange.Append(notCopied, _plan.SectorCount, (_plan.TailBytes + IoRegion.SectorSize - 1) / IoRegion.SectorSize);
        bool failed = _sourceFailure is not null || _legs.Any(leg => leg.HasFailed);
        return new CopyReport
        {
            Outcome = stopped ? CopyOutcome.Interrupted : failed ? CopyOutcome.Failed : CopyOutcome.Complete,
            Source = _plan.Request.Source,
            Bytes = _plan.Bytes,
            ReachedBytes = reached,
            CopiedBytes = copied,
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
                IsComplete: leg.IsFlushed && !leg.HasFailed && notCopied.Count == 0,
                IsVerified: verified && !leg.HasFailed,
                Math.Max(0, leg.Device.Size - _plan.Bytes),
                leg.Failure))],
        };
    }

    private RegionBitsReport Bits(Func<CopyLeg, bool> isSet)
    {
        ulong value = 0;
        foreach (CopyLeg leg in _legs.Where(isSet))
            value |= 1UL << leg.Region;
        return RegionBitsReport.Of(new RegionBits(value), _legs.Length);
    }
}
