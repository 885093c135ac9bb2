namespace DmIoUring.Services;

/// <content>A piece of zeroes: each destination makes them itself where it can, otherwise they are written from memory.</content>
internal sealed partial class CopySlot
{
    private static readonly IoNotify DiscardEnded = static (result, context) => Continue(context, result, static (slot, result) => slot.OnMade(result, ZeroMethod.Discard));
    private static readonly IoNotify ZeroesEnded = static (result, context) => Continue(context, result, static (slot, result) => slot.OnMade(result, ZeroMethod.WriteZeroes));
    private static readonly IoNotify PagesEnded = static (result, context) => Continue(context, result, static (slot, result) => slot.OnPagesWritten(result));

    private ulong _discards;
    private ulong _zeroes;
    private ulong _pages;

    private bool Zero()
    {
        _end = PieceEnd.Written;
        _discards = 0;
        _zeroes = 0;
        _pages = 0;
        _done = 0;
        using (service.Enter())
        {
            foreach (int destination in new RegionBits(_written))
                SetOf(_job.ZeroMethodOf(destination)) |= 1UL << destination;
        }

        return ZeroNext();
    }

    private ref ulong SetOf(ZeroMethod method)
    {
        switch (method)
        {
            case ZeroMethod.Discard:
                return ref _discards;
            case ZeroMethod.WriteZeroes:
                return ref _zeroes;
            default:
                return ref _pages;
        }
    }

    private bool ZeroNext()
    {
        if (_discards != 0)
        {
            Fill(_discards, 0, _piece.Count);
            return Submitted(static slot => slot.Client.SubmitDiscard(slot.Regions, DiscardEnded, slot, slot.Reporting));
        }

        if (_zeroes != 0)
        {
            Fill(_zeroes, 0, _piece.Count);
            return Submitted(static slot => slot.Client.SubmitWriteZeroes(slot.Regions, ZeroesEnded, slot, slot.Reporting));
        }

        if (_pages == 0)
            return true;
        _part = Math.Min(_piece.Count - _done, service.PieceSectors / _job.Unit * _job.Unit);
        if (_done == 0)
            DataOf(_part).Clear();
        Fill(_pages, _done, _part);
        return Submitted(static slot => slot.Client.SubmitWrite(slot.Regions, slot.Buffer(0, slot._part), PagesEnded, slot, slot.Reporting));
    }

    private bool OnMade(IoResult result, ZeroMethod method)
    {
        SetOf(method) = 0;
        if (!result.Unsupported.IsEmpty)
        {
            using (service.Enter())
            {
                foreach (int destination in result.Unsupported)
                    SetOf(_job.ZeroMethodAfter(destination, method)) |= 1UL << destination;
            }
        }

        Note(result with { Unsupported = RegionBits.None });
        return ZeroNext();
    }

    private bool OnPagesWritten(IoResult result)
    {
        Note(result);
        if (!_job.GoesOnWithFailed)
            _pages &= ~(result.Failed | result.Unsupported).Value;
        _done += _part;
        if (_done >= _piece.Count)
            _pages = 0;
        return ZeroNext();
    }
}
