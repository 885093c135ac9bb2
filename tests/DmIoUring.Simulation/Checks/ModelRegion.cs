using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Simulation.Kernel;
using DmIoUring.Testing.Contract;

namespace DmIoUring.Simulation.Checks;

/// <summary>
/// One region as the contract sees it: which entries may be issued for it, what the answers to them make of it, and so which
/// bytes are done, which have failed, and why. It knows no chunk places and no ring.
/// </summary>
internal sealed class ModelRegion
{
    private readonly List<ModelPiece> _pieces = [];
    private readonly List<IoFailure> _failures = [];
    private readonly List<IoFailure> _possible = [];
    private readonly Verdict _verdict;
    private readonly bool _isData;
    private bool _isAbandoned;
    private long _limit;
    private long _failedFlushes;
    private FlushLog? _log;
    private bool _isPartsFlushed;

    /// <summary>When the last of its data was done, which its last flush must make durable.</summary>
    private long _dataOver = long.MaxValue;

    public ModelRegion(ModelRequest request, int index, IoRegion region, SimulatedDisk disk, Verdict verdict)
    {
        Request = request;
        Index = index;
        Region = region;
        Disk = disk;
        _verdict = verdict;
        _isData = request.Operation != IoOperation.Flush;
        Start = region.Sector * IoRegion.SectorSize;
        End = _isData ? Start + (region.Count * IoRegion.SectorSize) : Start;
        Cut = Start;
        _limit = End;
        IoFailure refusal = Refuse();
        IsRefused = refusal.Errno != 0;
        IsFlushed = !IsRefused && (!_isData || (request.Flags & IoFlags.Preflush) != 0);
        if (IsRefused)
            _failures.Add(refusal);
    }

    public ModelRequest Request { get; }

    public int Index { get; }

    public IoRegion Region { get; }

    public SimulatedDisk Disk { get; }

    /// <summary>In bytes on the disk, as are the others.</summary>
    public long Start { get; }

    public long End { get; }

    /// <summary>Up to where entries were issued.</summary>
    public long Cut { get; private set; }

    public bool IsRefused { get; }

    /// <summary>Whether it is flushed before its data, or without any.</summary>
    public bool IsFlushed { get; }

    /// <summary>Whether its entries are written without FUA.</summary>
    public bool IsFlushedByParts => _isPartsFlushed;

    /// <summary>Whether it is to be flushed when its data is done: a FUA write of several entries, where the device has no FUA.</summary>
    public bool IsFlushedLast => _isPartsFlushed && IsDataOver;

    /// <summary>Whether its end said that all of it had ended well.</summary>
    public bool IsToldGood { get; private set; }

    /// <summary>What its end may tell besides, where that depends on which flush it shared.</summary>
    public IReadOnlyList<IoFailure> Possible => _possible;

    public List<(long Offset, long Length)> Done { get; } = [];

    /// <summary>What has failed so far; the lowest sector is what is reported.</summary>
    public IReadOnlyList<IoFailure> Failures => _failures;

    /// <summary>Whether an entry that flushes may be for it; the second is whether one must be.</summary>
    public bool MayBeFlushed => Request.StopCause == IoFailureCause.None && (IsFlushed || _isPartsFlushed);

    public bool MustBeFlushed => MayBeFlushed && ((IsFlushed && !HasFlushed) || (IsFlushedLast && !HasFlushedLast));

    private bool HasFlushed => _log!.HasGood(Request.Since);

    private bool HasFlushedLast => _log!.HasGood(_dataOver);

    /// <summary>Whether a flush of the disk that fails makes it fail: what it promises comes of a flush.</summary>
    private bool DependsOnFlush =>
        !_isData || (Request.Flags & IoFlags.Preflush) != 0 || ((Request.Flags & IoFlags.Fua) != 0 && Region.Device.FuaFlushes(bySystemCall: false));

    public bool IsAtomic => (Request.Flags & IoFlags.Atomic) != 0;

    public bool Holds(long offset) => _isData && !IsRefused && offset >= Start && offset < End;

    public override string ToString() => FormattableString.Invariant(
        $"request {Request.Id} ({Request.Operation}) region {Index} disk {Disk.Index} bytes {Start}..{End}");

    /// <summary>Whether all of the sector that begins at a byte is done.</summary>
    public bool IsDone(long at)
    {
        long done = 0;
        foreach ((long offset, long length) in Done)
            done += Math.Max(0, Math.Min(offset + length, at + IoRegion.SectorSize) - Math.Max(offset, at));
        return done == IoRegion.SectorSize;
    }

    /// <summary>The request has been submitted.</summary>
    public void Begin(FlushLog log)
    {
        _log = log;
        _failedFlushes = Region.Device.Durability.FailedFlushes;
    }

    public void IssueData(KernelOperation operation)
    {
        if (Request.StopCause != IoFailureCause.None)
            _verdict.Fail($"{operation} was issued after the request was stopped ({Request.StopCause}).");
        if (IsFlushed && !HasFlushed)
            _verdict.Fail($"{operation} was issued and no flush has ended well that began after the request was submitted: nothing may be before it.");

        // What the owner executes itself was decided earlier in its turn.
        if (IsFlushed && Cut == Start && !Disk.Traits.CompletesInCall && Region.Device.Durability.FailedFlushes != _failedFlushes)
            _verdict.Fail($"{operation} was issued although a flush has failed since the request was submitted: what its preflush was to cover may be lost.");
        int block = Disk.Traits.LogicalBlock;
        if (operation.Length <= 0 || operation.Offset + operation.Length > End)
            _verdict.Fail($"{operation} is not inside of its region.");
        if (Disk.Traits.OffsetAlignment > 1 && ((operation.Offset | operation.Length) % block) != 0)
            _verdict.Fail($"{operation} is off the logical block of {block} bytes: it would be refused.");
        if (IsAtomic && (operation.Offset != Start || operation.Length != End - Start))
            _verdict.Fail($"{operation} is a part of an atomic write of {End - Start} bytes: it could be torn.");
        ModelPiece? piece = _pieces.Find(piece => piece.State == PieceState.Waiting && piece.Offset == operation.Offset);
        if (piece is null && operation.Offset != Cut)
            _verdict.Fail($"{operation} is for bytes that are done, failed or in the kernel, or leaves some out: {Cut} is next.");
        if (piece is null)
        {
            bool isPart = operation.Offset == Start && operation.Length < End - Start;
            if (isPart && (Request.Flags & IoFlags.Fua) != 0 && Disk.Traits.FlushesAfterFua)
                _isPartsFlushed = true;
            piece = new ModelPiece { Offset = operation.Offset, Length = operation.Length };
            _pieces.Add(piece);
            Cut = operation.Offset + operation.Length;
        }

        bool piecemeal = Request.Operation == IoOperation.WriteZeroes && operation.Writes;
        if (piecemeal ? operation.Length > piece.Length : operation.Length != piece.Length)
            _verdict.Fail($"{operation} should have {piece.Length} bytes.");
        piece.State = PieceState.InKernel;
    }

    /// <summary>An answer to one of its entries has reached the engine.</summary>
    public void Completed(KernelOperation operation, int result, long now)
    {
        Request.InKernel--;
        if (_isAbandoned)
            return;
        DataCompleted(operation, result);
        if (IsFlushedLast)
            _dataOver = Math.Min(_dataOver, now);
    }

    private void DataCompleted(KernelOperation operation, int result)
    {
        ModelPiece piece = _pieces.Find(piece => piece.State == PieceState.InKernel && piece.Offset == operation.Offset)!;
        long advance = operation.Transfers ? Math.Max(result, 0) : result >= 0 ? piece.Length : 0;
        if (advance < operation.Length)
            advance -= advance % Disk.Traits.OffsetAlignment;
        if (advance > 0)
        {
            Done.Add((piece.Offset, advance));
            piece.Offset += advance;
            piece.Length -= advance;
            piece.Attempts = 0;
        }

        piece.State = piece.Length == 0 ? PieceState.Ended : PieceState.Waiting;
        if (piece.Length == 0)
            return;
        if (Request.StopCause != IoFailureCause.None)
            Fail(piece, Errno.EIO, IoFailureCause.Device);
        else if (advance == 0)
            Judge(piece, operation, result);
    }

    /// <summary>The request was stopped: what is not in the kernel fails now, what is there when it comes back unfinished.</summary>
    public void Stop()
    {
        if (IsRefused)
            return;
        if (_isPartsFlushed && !IsDataOver)
            Fail(Start, Errno.ECANCELED, IoFailureCause.Cancelled);

        // Perhaps it waits for a flush of its own although another one would have done: that one's entry was with the kernel before.
        if (IsFlushed || IsFlushedLast)
            MayFail(Errno.ECANCELED, IoFailureCause.Cancelled);
        if (Cut < _limit && !(IsFlushed && Cut == Start))
            FailRest(Errno.ECANCELED, IoFailureCause.Cancelled);
        foreach (ModelPiece piece in _pieces)
        {
            if (piece.State == PieceState.Waiting)
                Fail(piece, Errno.ECANCELED, IoFailureCause.Cancelled);
        }
    }

    /// <summary>The request ends without what the kernel still has of it: that has failed, whatever is answered later.</summary>
    public void Abandon()
    {
        _isAbandoned = true;
        foreach (ModelPiece piece in _pieces)
        {
            if (piece.State == PieceState.InKernel)
                Fail(piece, Errno.ECANCELED, IoFailureCause.Cancelled);
        }
    }

    /// <summary>The request has ended: nothing of the region may be left over, and it is told that it has ended well only where that is so.</summary>
    public void CheckEnded(bool isToldGood)
    {
        IsToldGood = isToldGood;
        if (IsRefused)
            return;
        CheckFlushes();
        if (Cut < _limit)
            _verdict.Fail($"{this} has ended and bytes {Cut}..{_limit} were never issued.");
        if (_pieces.Find(static piece => piece.State != PieceState.Ended) is { } piece)
            _verdict.Fail($"{this} has ended and bytes {piece.Offset}+{piece.Length} are {piece.State}: neither done nor failed.");
    }

    private void CheckFlushes()
    {
        long since = IsFlushed ? Request.Since : _dataOver;
        if (IsFlushed || IsFlushedLast)
        {
            // It may have failed before the request was stopped, or because of that.
            foreach ((int errno, IoFailureCause cause) in _log!.Failures(since))
            {
                MayFail(errno, cause);
                MayFail(errno, cause, whateverStopped: true);
            }
        }

        if (DependsOnFlush && Region.Device.Durability.FailedFlushes != _failedFlushes)
            MayFail(Errno.EIO, IoFailureCause.InDoubt, whateverStopped: true);
        bool hasFlushed = (!IsFlushed || HasFlushed) && (!IsFlushedLast || HasFlushedLast);
        if (!hasFlushed && (IsToldGood || (_possible.Count == 0 && _failures.Count == 0)))
            _verdict.Fail($"{this} has ended and no flush has ended well that makes it durable.");

        // A preflush that failed, with whomever it was shared: nothing is written then, and nothing more after a doubt.
        bool isInDoubt = Region.Device.Durability.FailedFlushes != _failedFlushes;
        if (IsFlushed && !IsToldGood && _possible.Count > 0 && (Cut == Start || isInDoubt))
            _limit = Cut;
    }

    private bool IsDataOver => Cut == End && _pieces.TrueForAll(static piece => piece.State == PieceState.Ended);

    private static bool IsTryAgain(int result) => result is -Errno.EAGAIN or -Errno.EINTR;

    private IoFailure Refuse()
    {
        DeviceFacts facts = new()
        {
            Sectors = Disk.Traits.Sectors,
            LogicalBlock = Disk.Traits.LogicalBlock,
            IsReadOnly = Disk.Traits.IsReadOnly,
            IsInDoubt = Region.Device.IsInDoubt,
            MostAtomic = Disk.Traits.MostAtomic,
        };
        (int errno, IoFailureCause cause) = Refusals.Of(Request.Operation, Request.Flags, Region, facts);
        return errno == 0 ? default : new IoFailure(Index, Region.Sector, errno, cause);
    }

    private void Judge(ModelPiece piece, KernelOperation operation, int result)
    {
        bool again = IsTryAgain(result) || result > 0;
        if (again && piece.Attempts < RetryRules.MaxAttempts)
            piece.Attempts += IsTryAgain(result) ? 1 : RetryRules.PartialBlockCost;
        else if (operation.IsZeroRange && (result == -Errno.EOPNOTSUPP || (result == -Errno.EINVAL && Disk.Traits.OffsetAlignment == 1)))
            piece.State = PieceState.Waiting;
        else if (result == -Errno.EOPNOTSUPP && operation.IsDiscard && Disk.Traits.IsBlockDevice)
            Fail(piece, Errno.EBADF, IoFailureCause.Device); // The ioctl, which finds no such file.
        else if (result >= 0)
            Fail(piece, Errno.EIO, IoFailureCause.EndedEarly);
        else
            Fail(piece, -result, again ? IoFailureCause.RetriesExhausted : IoFailureCause.Device);
    }

    private void Fail(ModelPiece piece, int errno, IoFailureCause cause)
    {
        piece.State = PieceState.Ended;
        Fail(piece.Offset, errno, cause);
    }

    /// <summary>All of the region may be told to have failed.</summary>
    private void MayFail(int errno, IoFailureCause cause, bool whateverStopped = false) =>
        _possible.Add(whateverStopped ? new IoFailure(Index, Start / IoRegion.SectorSize, errno, cause) : FailureOf(Start, errno, cause));

    /// <summary>Nothing more of the region may be issued.</summary>
    private void FailRest(int errno, IoFailureCause cause)
    {
        _limit = Cut;
        Fail(Cut, errno, cause);
    }

    private void Fail(long offset, int errno, IoFailureCause cause) => _failures.Add(FailureOf(offset, errno, cause));

    private IoFailure FailureOf(long offset, int errno, IoFailureCause cause)
    {
        (errno, cause) = Request.StopCause switch
        {
            IoFailureCause.None => (errno, cause),
            IoFailureCause.TimedOut => (Errno.ETIMEDOUT, IoFailureCause.TimedOut),
            IoFailureCause stopped => (Errno.ECANCELED, stopped),
        };
        return new IoFailure(Index, offset / IoRegion.SectorSize, errno, cause);
    }
}
