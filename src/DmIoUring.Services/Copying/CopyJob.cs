namespace DmIoUring.Services;

/// <summary>One job of a <see cref="CopyService"/>: its regions, its options, and how far it is. What changes is under the service's lock.</summary>
internal sealed partial class CopyJob : IThreadPoolWorkItem
{
    /// <summary>How many times as large as others pieces are whose zeroes the device makes.</summary>
    private const int ZeroPieces = 32;

    private readonly CopyService _service;
    private readonly CopyOptions _options;
    private readonly IoRegion? _source;
    private readonly IoRegion[] _destinations;
    private readonly ZeroMethod[] _zeroMethods;
    private readonly CopyReadErrorPolicy _onReadError;
    private readonly bool _findsHoles;
    private readonly long _pieceSectors;
    private readonly long _started;
    private long _next;
    private long _index;
    private long _firstNotDone = long.MaxValue;
    private long _sectorsCopied;
    private long _sectorsDone;
    private long _extentEnd;
    private bool _extentIsHole;
    private bool _isSearching;
    private bool _isThrottled;
    private bool _hasPermit;
    private bool _wasFlushed;

    /// <summary>Makes a job; nothing of it is started yet.</summary>
    /// <param name="service">The service.</param>
    /// <param name="source">The source; null when the destinations are zeroed.</param>
    /// <param name="destinations">The destinations.</param>
    /// <param name="options">How.</param>
    /// <param name="unit">The largest logical block of all devices, in sectors: every piece is a multiple of it.</param>
    public CopyJob(CopyService service, IoRegion? source, IoRegion[] destinations, CopyOptions options, long unit)
    {
        _service = service;
        _options = options;
        _source = source;
        _destinations = destinations;
        Count = destinations[0].Count;
        Unit = unit;
        Failures = new CopyFailures(destinations);
        _pieceSectors = service.Options.PieceBytes / IoRegion.SectorSize / unit * unit;
        _next = options.StartAt;
        _sectorsDone = options.StartAt;
        bool isOrdered = Array.Exists(destinations, static region => region.Sector + region.Count > region.Device.SequentialFrom);
        IsSequential = isOrdered || options.SequentialWrites;
        _onReadError = isOrdered ? CopyReadErrorPolicy.Stop : options.OnReadError;
        _findsHoles = source is { Device: { IsBlockDevice: false, IsNvmeNamespace: false } } && options.Sparse != CopySparse.None;
        _zeroMethods = Array.ConvertAll(destinations, region => MethodOf(region, isCopy: source is not null));
        _started = service.Options.TimeProvider.GetTimestamp();
    }

    /// <summary>Sectors of each region.</summary>
    public long Count { get; }

    /// <summary>The largest logical block of all devices, in sectors.</summary>
    public long Unit { get; }

    public CopyFailures Failures { get; }

    public bool IsSequential { get; }

    public bool DetectsZeroes => _options.Sparse == CopySparse.DetectZeroes;

    public CopyReadErrorPolicy OnReadError => _onReadError;

    public CopyCheck? Check => _options.Check;

    /// <summary>Whether a destination that failed gets what is left all the same.</summary>
    public bool GoesOnWithFailed => !IsSequential && _options.OnWriteError == CopyWriteErrorPolicy.Continue;

    public ReadOnlySpan<IoRegion> Destinations => _destinations;

    /// <summary>What holds the job: pieces in flight, a search for holes, a flush.</summary>
    public int InFlight { get; private set; }

    /// <summary>Whether it is in the service's queue of jobs that can start a piece.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Whether no new pieces are started.</summary>
    public bool IsStopped { get; private set; }

    public bool IsCancelled { get; private set; }

    public bool IsEnded { get; private set; }

    /// <summary>The lowest piece that will not be written, where writes are in order: none after it must be. By its sector.</summary>
    public long BrokenAt { get; private set; } = long.MaxValue;

    /// <summary>The piece whose turn it is to be written, where writes are in order.</summary>
    public long WriteTurn { get; private set; }

    /// <summary>What a <see cref="CopyThrottle"/> charges when the wait is over. Under the throttle's lock.</summary>
    public long ThrottledBytes { get; set; }

    private Exception? Exception { get; set; }

    private bool HasMore => !IsStopped && _next < Count;

    /// <summary>Whether it could start a piece if it had the share of the window.</summary>
    public bool CanStart(int share) => HasMore && !_isThrottled && !_isSearching && InFlight < share;

    /// <summary>Takes the next piece. When there is none, the job will be queued again when there is.</summary>
    /// <param name="share">How many pieces the job may have in flight.</param>
    /// <param name="piece">The piece.</param>
    public bool TryTake(int share, out CopyPiece piece)
    {
        piece = default;
        if (!CanStart(share))
            return false;
        if (_findsHoles && _next >= _extentEnd)
        {
            InFlight++;
            _isSearching = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return false;
        }

        bool isHole = _findsHoles && _extentIsHole;
        bool isZeroes = isHole || _source is null;
        long end = _findsHoles ? _extentEnd : Count;
        long count = Math.Min(end - _next, isZeroes ? _pieceSectors * ZeroPieces : _pieceSectors);
        if (_options.Throttle is { } throttle && !isHole && !_hasPermit)
        {
            if (!throttle.TryTake(this, count * IoRegion.SectorSize))
            {
                _isThrottled = true;
                return false;
            }
        }

        _hasPermit = false;
        piece = new CopyPiece(_next, count, _index++, isZeroes);
        _next += count;
        InFlight++;
        return true;
    }

    /// <summary>A region of the source's part of a piece.</summary>
    public IoRegion SourceRegion(long sector, long count) => new(_source!.Value.Device, _source.Value.Sector + sector, count);

    /// <summary>The destinations that are left for a piece.</summary>
    public ulong LeftFor(long sector)
    {
        ulong left = Failures.AllDestinations;
        if (Failures.Bits == 0 || (_options.OnWriteError != CopyWriteErrorPolicy.DropDestination && !IsSequential))
            return left;
        foreach (int destination in new RegionBits(Failures.Bits))
        {
            if (IsSequential || sector > Failures.FirstFailed(destination))
                left &= ~(1UL << destination);
        }

        return left;
    }

    public ZeroMethod ZeroMethodOf(int destination) => _zeroMethods[destination];

    /// <summary>A destination can't have zeroes that way: remembered for the job.</summary>
    public ZeroMethod ZeroMethodAfter(int destination, ZeroMethod unsupported)
    {
        ref ZeroMethod method = ref _zeroMethods[destination];
        if (method == unsupported)
            method++;
        return method;
    }

    public void NoteSource(in IoFailure failure, in CopyPiece piece)
    {
        Failures.NoteSource(failure);
        if (_onReadError != CopyReadErrorPolicy.Stop)
            return;
        BreakAt(piece.Sector);
        Stop();
    }

    /// <summary>A piece will not be written.</summary>
    public void BreakAt(long sector) => BrokenAt = Math.Min(BrokenAt, sector);

    public void NoteDestination(int destination, in IoFailure failure, bool isUnsupported)
    {
        Failures.NoteDestination(destination, failure, isUnsupported);
        if (_options.OnWriteError == CopyWriteErrorPolicy.Stop || (Failures.HasAllDestinations && (IsSequential || _options.OnWriteError != CopyWriteErrorPolicy.Continue)))
            Stop();
    }

    /// <summary>Ends the job from outside; the first exception counts.</summary>
    public void Fault(Exception exception, long sector = long.MaxValue)
    {
        Exception ??= exception;
        BreakAt(sector);
        Stop();
    }

    /// <summary>Starts no new pieces, if there are any left.</summary>
    /// <returns>Whether there were.</returns>
    public bool Cancel()
    {
        if (!HasMore || IsEnded)
            return false;
        IsCancelled = true;
        Stop();
        return true;
    }

    /// <summary>Accounts for a piece that is over.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="end">How.</param>
    /// <param name="written">The destinations that it was written to, or should have been.</param>
    /// <param name="failed">Those of them where that failed.</param>
    /// <param name="notRead">What could not be read of it, and was written as zeroes.</param>
    public void EndPiece(in CopyPiece piece, PieceEnd end, ulong written, ulong failed, List<CopyRange> notRead)
    {
        InFlight--;
        WriteTurn++;
        bool isOnNone = (written & ~failed) == 0;
        bool isDone = end == PieceEnd.Skipped || (end == PieceEnd.Written && _options.OnWriteError switch
        {
            CopyWriteErrorPolicy.Stop => failed == 0 && !isOnNone,
            CopyWriteErrorPolicy.DropDestination => !isOnNone,
            _ => written != 0,
        });
        if (end == PieceEnd.Skipped)
            Failures.NoteNotRead(piece.Sector, piece.Count);
        if (end == PieceEnd.Written && !isOnNone)
            _sectorsCopied += piece.Count;
        if (end == PieceEnd.Written && (!isOnNone || isDone))
            NoteZeroed(notRead, isOnNone);
        _sectorsDone += piece.Count;
        if (!isDone)
            _firstNotDone = Math.Min(_firstNotDone, piece.Sector);
    }

    private void NoteZeroed(List<CopyRange> ranges, bool isOnNone)
    {
        foreach (CopyRange range in ranges)
        {
            Failures.NoteNotRead(range.Sector, range.Count);
            if (!isOnNone)
                _sectorsCopied -= range.Count;
        }
    }

    /// <summary>Whether nothing holds the job any more. Then it either flushes, which holds it again, or ends.</summary>
    /// <param name="flushes">The destinations to flush; none for a job that has ended now.</param>
    public bool TryEnd(out RegionBits flushes)
    {
        flushes = default;
        if (InFlight > 0 || HasMore || IsEnded)
            return false;
        if (_options.Flush && !_wasFlushed && !IsCancelled && Exception is null && Count > 0)
        {
            _wasFlushed = true;
            flushes = new RegionBits(Failures.AllDestinations & ~Failures.Bits);
        }

        if (flushes.IsEmpty)
            IsEnded = true;
        else
            InFlight++;
        return true;
    }

    public void EndFlush(RegionBits flushed, IoResult result, IoReport report)
    {
        InFlight--;
        int region = 0;
        foreach (int destination in flushed)
        {
            if ((result.Failed | result.Unsupported)[region])
                Failures.NoteDestination(destination, report[region] with { Sector = 0 }, result.Unsupported[region]);
            region++;
        }
    }

    public void EndFlush(Exception exception)
    {
        InFlight--;
        Fault(exception);
    }

    /// <summary>The wait for the throttle is over, which has charged the piece.</summary>
    public void ThrottleGranted()
    {
        _service.Change(this, 0, static (job, _) =>
        {
            job._isThrottled = false;
            job._hasPermit = true;
        });
    }

    private void Stop()
    {
        IsStopped = true;
        if (_isThrottled)
            _options.Throttle!.Withdraw(this);
        _isThrottled = false;
    }

    private static ZeroMethod MethodOf(in IoRegion region, bool isCopy)
    {
        BlockDevice device = region.Device;
        if (region.Sector + region.Count > device.SequentialFrom)
            return ZeroMethod.Pages;
        return isCopy && !device.IsBlockDevice && !device.IsNvmeNamespace ? ZeroMethod.Discard : ZeroMethod.WriteZeroes;
    }
}
