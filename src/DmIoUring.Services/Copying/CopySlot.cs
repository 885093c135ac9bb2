namespace DmIoUring.Services;

/// <summary>
/// One piece in flight, and the memory for it: reads it, writes it to all destinations, and starts each step in the callback of the one before. A step returns whether the piece is over,
/// and then the caller gives the slot back (<see cref="CopyService.Release"/>).
/// </summary>
internal sealed partial class CopySlot(CopyService service, IoMemory memory, long offset)
{
    private static readonly IoNotify ReadEnded = static (result, context) => Continue(context, result, static (slot, result) => slot.OnRead(result));
    private static readonly IoNotify PartRead = static (result, context) => Continue(context, result, static (slot, result) => slot.OnPartRead(result));
    private static readonly IoNotify WriteEnded = static (result, context) => Continue(context, result, static (slot, result) => slot.OnWritten(result));

    private readonly IoRegion[] _regions = new IoRegion[IoRegion.MaxRegions];
    private readonly IoReport _report = new();
    private readonly List<CopyRange> _notRead = [];
    private CopyJob _job = null!;
    private CopyPiece _piece;
    private PieceEnd _end;
    private Step _afterTurn;
    private ulong _written;
    private ulong _failed;
    private long _done;
    private long _part;

    /// <summary>What a piece does when it is its turn to be written.</summary>
    private enum Step : byte
    {
        None,
        End,
        Write,
        Zero,
    }

    public CopyJob Job => _job;

    /// <summary>Takes a piece. Under the service's lock.</summary>
    public void Begin(CopyJob job, in CopyPiece piece)
    {
        _job = job;
        _piece = piece;
        _end = PieceEnd.NotDone;
        _afterTurn = Step.None;
        _written = 0;
        _failed = 0;
        _notRead.Clear();
        _done = 0;
    }

    /// <summary>Accounts for the piece that is over. Under the service's lock.</summary>
    public void Account() => _job.EndPiece(_piece, _end, _written, _failed, _notRead);

    /// <summary>Whether it waits for its turn to be written, and it is. Under the service's lock.</summary>
    public bool HasTurn(CopyJob job) => _job == job && _afterTurn != Step.None && _piece.Index == job.WriteTurn;

    /// <summary>The first step.</summary>
    public bool Start()
    {
        if (_piece.IsZeroes)
            return InTurn(Step.Zero);
        return Submitted(static slot => slot.Client.SubmitRead(
            slot._job.SourceRegion(slot._piece.Sector, slot._piece.Count), slot.Buffer(0, slot._piece.Count), ReadEnded, slot));
    }

    /// <summary>Its turn to be written has come.</summary>
    public bool Proceed()
    {
        Step step = _afterTurn;
        _afterTurn = Step.None;
        return Run(step);
    }

    private DmIoClient Client => service.Client;

    private IoBuffer Buffer(long sector, long count) => memory.Slice(offset + sector * IoRegion.SectorSize, count * IoRegion.SectorSize);

    /// <summary>The piece's memory, which may lie beyond the 2 GiB that <see cref="IoMemory.GetSpan"/> covers.</summary>
    private unsafe Span<byte> DataOf(long count) => new((byte*)memory.Pointer + offset, (int)(count * IoRegion.SectorSize));

    private static void Continue(object? context, IoResult result, Func<CopySlot, IoResult, bool> step)
    {
        CopySlot slot = (CopySlot)context!;
        if (step(slot, result))
            slot.End();
    }

    private void End() => service.End(this);

    /// <summary>Submits a request. Misuse, that a device or the client was disposed, ends the job.</summary>
    private bool Submitted(Action<CopySlot> submit)
    {
        try
        {
            submit(this);
            return false;
        }
#pragma warning disable CA1031 // Whatever it is ends the job, which tells it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            using (service.Enter())
                _job.Fault(exception, _piece.Sector);
            _end = PieceEnd.NotDone;
            return InTurn(Step.End);
        }
    }

    /// <summary>Does a step now, or where writes are in order when it is the piece's turn.</summary>
    private bool InTurn(Step step)
    {
        if (_job.IsSequential)
        {
            using (service.Enter())
            {
                if (_job.WriteTurn != _piece.Index)
                {
                    _afterTurn = step;
                    return false;
                }
            }
        }

        return Run(step);
    }

    private bool Run(Step step)
    {
        if (step == Step.End)
            return true;
        using (service.Enter())
        {
            if (_job.IsSequential && _piece.Sector > _job.BrokenAt)
                return true;
            _written = _job.LeftFor(_piece.Sector);
        }

        return step == Step.Zero ? Zero() : Write();
    }

    private bool OnRead(IoResult result)
    {
        IoFailure failure = result.IsSuccess ? Check() : result.First;
        if (failure.Cause == IoFailureCause.None)
            return HaveRead();
        if (_job.OnReadError == CopyReadErrorPolicy.WriteZeroes)
        {
            _part = Math.Max(SourceBlock, _piece.Count / 2 / SourceBlock * SourceBlock);
            return ReadPart();
        }

        using (service.Enter())
            _job.NoteSource(failure, _piece);
        _end = _job.OnReadError == CopyReadErrorPolicy.SkipPiece ? PieceEnd.Skipped : PieceEnd.NotDone;
        return InTurn(Step.End);
    }

    private IoFailure Check()
    {
        IoRegion source = _job.SourceRegion(_piece.Sector, _piece.Count);
        return _job.Check?.Invoke(source.Sector, source.Count, Buffer(0, _piece.Count)) ?? default;
    }

    private bool HaveRead() => InTurn(_job.DetectsZeroes && !DataOf(_piece.Count).ContainsAnyExcept((byte)0) ? Step.Zero : Step.Write);

    private long SourceBlock => _job.SourceRegion(0, 0).Device.LogicalBlockSize / IoRegion.SectorSize;

    private bool ReadPart()
    {
        // A disk that fails everywhere takes long: who cancels does not want to wait for every block.
        if (_job.IsCancelled)
        {
            using (service.Enter())
                _job.BreakAt(_piece.Sector);
            return InTurn(Step.End);
        }

        _part = Math.Min(_part, _piece.Count - _done);
        return Submitted(static slot => slot.Client.SubmitRead(
            slot._job.SourceRegion(slot._piece.Sector + slot._done, slot._part), slot.Buffer(slot._done, slot._part), PartRead, slot));
    }

    /// <summary>Parts become smaller where reading fails, and larger again where it does not: few reads for one bad block, no more than one for each block where all are bad.</summary>
    private bool OnPartRead(IoResult result)
    {
        if (result.IsSuccess)
        {
            _done += _part;
            _part *= 2;
        }
        else if (_part > SourceBlock)
        {
            _part = Math.Max(SourceBlock, _part / 2 / SourceBlock * SourceBlock);
        }
        else
        {
            using (service.Enter())
                _job.NoteSource(result.First, _piece);
            _notRead.Add(new CopyRange(_piece.Sector + _done, _part));
            DataOf(_done + _part)[(int)(_done * IoRegion.SectorSize)..].Clear();
            _done += _part;
        }

        return _done < _piece.Count ? ReadPart() : HaveRead();
    }

    private bool Write()
    {
        _end = PieceEnd.Written;
        if (_written == 0)
            return true;
        Fill(_written, 0, _piece.Count);
        return Submitted(static slot => slot.Client.SubmitWrite(slot.Regions, slot.Buffer(0, slot._piece.Count), WriteEnded, slot, slot.Reporting));
    }

    private bool OnWritten(IoResult result)
    {
        Note(result);
        return true;
    }

    private ReadOnlySpan<IoRegion> Regions => _regions.AsSpan(0, _job.Destinations.Length);

    private IoRequestOptions Reporting => new(Report: _report);

    /// <summary>Names the destinations of a set for a part of the piece; the others are left out of the request, and their bits keep their meaning.</summary>
    private void Fill(ulong set, long from, long count)
    {
        ReadOnlySpan<IoRegion> destinations = _job.Destinations;
        for (int i = 0; i < destinations.Length; i++)
            _regions[i] = new IoRegion(destinations[i].Device, destinations[i].Sector + _piece.Sector + from, (set >> i & 1) == 0 ? 0 : count);
    }

    private void Note(IoResult result)
    {
        if (result.IsSuccess)
            return;
        _failed |= (result.Failed | result.Unsupported).Value;
        using (service.Enter())
        {
            foreach (int destination in result.Failed | result.Unsupported)
                _job.NoteDestination(destination, _report[destination], result.Unsupported[destination]);
        }
    }
}
