using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// A ring that polls devices for completions, and a companion for everything that can't be polled for: flushes, discards, zeroes, cancels, the poll
/// of a lane's eventfd, and transfers on devices without polled queues. The engine sees one ring.
/// </summary>
/// <remarks>
/// While only the companion has entries in flight, the owner sleeps in it. While only the polled ring has, the kernel polls until one completes.
/// While both have, the owner can wait in neither: it enters each once without waiting, and repeats.
/// </remarks>
/// <param name="polled">The ring with IORING_SETUP_IOPOLL.</param>
/// <param name="companion">The ring without it, of the same capacity.</param>
internal unsafe struct PolledRing<TRing>(TRing polled, TRing companion) : IRing
    where TRing : struct, IRing
{
#pragma warning disable IDE0044 // A readonly struct field would be copied at every call, and each ring keeps its own state.
    private TRing _polled = polled;
    private TRing _companion = companion;
#pragma warning restore IDE0044

    /// <summary>Entries in flight in each ring.</summary>
    private int _polledUnderWay;
    private int _companionUnderWay;

    public readonly int Capacity => Math.Min(_polled.Capacity, _companion.Capacity);

    public readonly int AtOnce => Capacity;

    public readonly long Now => _companion.Now;

    public readonly long EnterCount => _polled.EnterCount + _companion.EnterCount;

    /// <summary>The smaller room: it is not known yet which ring an entry will use.</summary>
    public readonly int Room => Math.Min(_polled.Room, _companion.Room);

    public readonly bool HasQueued => _polled.HasQueued || _companion.HasQueued;

    public readonly bool IsPolling => _polledUnderWay > 0;

    public readonly bool HasCompletions => _polled.HasCompletions || _companion.HasCompletions;

    public readonly bool HasFixedVectors => _polled.HasFixedVectors && _companion.HasFixedVectors;

    public readonly bool HasCommands => _companion.HasCommands;

    public readonly RingCalls? CommandCalls => _companion.CommandCalls;

    public readonly bool Polls(EntryRoute route) => route == EntryRoute.MayPoll;

    public void Enable(bool register)
    {
        _polled.Enable(register);
        _companion.Enable(register);
    }

    public int RegisterBufferTable(int slots) => Both(_polled.RegisterBufferTable(slots), _companion.RegisterBufferTable(slots));

    /// <summary>Registers with both rings or with neither, because an entry names a slot whichever ring it uses.</summary>
    public int RegisterBuffer(int slot, byte* start, long length)
    {
        int result = Both(_polled.RegisterBuffer(slot, start, length), _companion.RegisterBuffer(slot, start, length));
        if (result < 0 && start is not null)
        {
            _ = _polled.RegisterBuffer(slot, null, 0);
            _ = _companion.RegisterBuffer(slot, null, 0);
        }

        return result;
    }

    public int CloneBuffers(int source) => Both(_polled.CloneBuffers(source), _companion.CloneBuffers(source));

    public int RegisterFileTable(int slots) => Both(_polled.RegisterFileTable(slots), _companion.RegisterFileTable(slots));

    /// <summary>Registers with both rings or with neither, as <see cref="RegisterBuffer"/>.</summary>
    public int RegisterFile(int slot, int descriptor)
    {
        int result = Both(_polled.RegisterFile(slot, descriptor), _companion.RegisterFile(slot, descriptor));
        if (result < 0 && descriptor >= 0)
        {
            _ = _polled.RegisterFile(slot, -1);
            _ = _companion.RegisterFile(slot, -1);
        }

        return result;
    }

    public IoUringSqe* TryNext(EntryRoute route)
    {
        bool polls = route == EntryRoute.MayPoll;
        IoUringSqe* entry = polls ? _polled.TryNext(route) : _companion.TryNext(route);
        if (entry is null)
            return null;
        if (polls)
            _polledUnderWay++;
        else
            _companionUnderWay++;
        return entry;
    }

    public int Enter(uint minComplete, long timeout, long minWait)
    {
        if (_polledUnderWay == 0)
            return _companion.Enter(minComplete, timeout, minWait);

        // A polling wait has no time after which one completion is enough.
        if (_companionUnderWay == 0)
            return _polled.Enter(minWait > 0 ? Math.Min(minComplete, 1) : minComplete, timeout, 0);
        return Both(_companion.Enter(0, 0, 0), _polled.Enter(0, 0, 0));
    }

    /// <summary>Closes both, although only one of them is lost.</summary>
    public void Abandon(ICollection<RingTeardown> teardowns)
    {
        _polled.Abandon(teardowns);
        _companion.Abandon(teardowns);
        _polledUnderWay = 0;
        _companionUnderWay = 0;
    }

    public int Take(Span<IoUringCqe> into)
    {
        int asked = _polled.Take(into);
        _polledUnderWay -= asked;
        int all = asked + _companion.Take(into[asked..]);
        foreach (ref readonly IoUringCqe completion in into[asked..all])
        {
            // A multi-shot poll that stays armed completes again.
            if ((completion.flags & IoUring.IORING_CQE_F_MORE) == 0)
                _companionUnderWay--;
        }

        return all;
    }

    public int Execute(in IoUringSqe entry) => _companion.Execute(entry);

    public readonly long Sleeps => _companion.Sleeps;

    public void Dispose()
    {
        _polled.Dispose();
        _companion.Dispose();
    }

    private static int Both(int first, int second) => Math.Min(first, second);
}
