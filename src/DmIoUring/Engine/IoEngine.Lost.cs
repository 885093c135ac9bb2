using System.Diagnostics;
using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>Recovery from a lost ring: after the answer of a system call it is unknown which entries the kernel has.</content>
/// <remarks>
/// <para>Such a ring is never entered again. It is closed and replaced. Until the kernel has torn the closed ring down (<see cref="RingTeardown"/>) it
/// may use the memory of every entry that it had, so no chunk ends before that. Then the chunks are issued again on the new ring: repeating one is
/// harmless, because it does the same to the same sectors and requests have no order. Not flushes: one that failed would be hidden by the next.</para>
/// <para>Where the host gives no other ring, waiting chunks and later requests fail with the errno and the cause
/// <see cref="IoFailureCause.RingLost"/>, until one of the attempts, ten a second at most, gets a ring.</para>
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>Nanoseconds between two attempts to get a ring.</summary>
    private const long RenewalPause = 100_000_000;

    /// <summary>Nanoseconds to wait for a teardown that no ring watches, before everything else is looked at again.</summary>
    private const long ShortWait = 1_000_000;

    /// <summary>The attempts that one lost ring counts as for each entry that it had: the entry fails after a few lost rings.</summary>
    private const byte LossAttempts = RetryRules.MaxAttempts / 4;

    private readonly Func<TRing>? _renew;
    private readonly List<RingTeardown> _teardowns = [];
    private int _lostErrno;
    private bool _isAbandoned;
    private bool _registersRing;
    private bool _isTeardownWatched;
    private int _inTeardown;
    private long _nextRenewal = long.MinValue;

    public override void MarkRingLost(int errno)
    {
        if (_lostErrno == 0)
            _lostErrno = errno;
    }

    private void EnterRing(uint minComplete, long timeout, long minWait)
    {
        _turn++;
        NoteBatch();
        int result = _ring.Enter(minComplete, timeout, minWait);
        if (result < 0)
            MarkRingLost(-result);
    }

    /// <summary>The first half of a turn while the ring is lost or a closed ring is not torn down yet.</summary>
    /// <returns>Whether there is a ring to continue with.</returns>
    private bool Recover(uint waitFor, long limit, long ended)
    {
        if (_lostErrno != 0 && !_isAbandoned)
            CloseRing();
        TakeBackFromTeardown();
        if (_lostErrno == 0 || TryRenew())
            return true;
        FailAll();
        if (waitFor > 0 && !HasResults && Counters.Requests == ended)
            SleepWithoutRing(TimeToWait(limit));
        TakeBackFromTeardown();
        FailAll();
        return false;
    }

    private void CloseRing()
    {
        _isAbandoned = true;
        Telemetry.RingLost(_lostErrno);
        _ring.Abandon(_teardowns);
        AbandonCommands();
        _wakeIsArmed = false;
        _isTeardownWatched = false;
        _cancelsUnderWay = 0;
        for (int i = 0; i < _owners.Length; i++)
        {
            Chunk* chunk = &_chunks[i];
            if (_owners[i] is null || !chunk->IsInKernel || chunk->IsInTeardown)
                continue;
            chunk->IsInTeardown = true;
            _inKernel--;
            _inTeardown++;
        }
    }

    /// <summary>Takes back the chunks of closed rings once all of those are torn down.</summary>
    private void TakeBackFromTeardown()
    {
        while (_teardowns.Count > 0 && _teardowns[0].IsComplete)
        {
            _teardowns[0].Dispose();
            _teardowns.RemoveAt(0);
            _isTeardownWatched = false;
        }

        if (_teardowns.Count > 0 || _inTeardown == 0)
            return;
        for (int i = 0; i < _owners.Length; i++)
        {
            Chunk* chunk = &_chunks[i];
            if (_owners[i] is null || !chunk->IsInTeardown)
                continue;
            chunk->IsInTeardown = false;
            chunk->IsInKernel = false;
            if (chunk->MustCancel)
            {
                chunk->MustCancel = false;
                _toCancel--;
            }

            _inTeardown--;
            chunk->Attempts += LossAttempts;
            NoteUnknownResult(i);
            if (chunk->Kind == ChunkKind.Abandoned)
                Reclaim(i, -Errno.ECANCELED);
            else if (chunk->Kind == ChunkKind.Flush)
                FailLost(i);
            else if (chunk->Attempts > RetryRules.MaxAttempts)
                Fail(i, LostErrno, IoFailureCause.RingLost);
            else
                Reissue(i, 0);
        }
    }

    /// <summary>Fails a chunk that can't be issued again.</summary>
    private void FailLost(int index)
    {
        IoFailureCause stopped = _owners[index]!.StopCause;
        Fail(index, stopped == IoFailureCause.None ? LostErrno : StopErrno(stopped), stopped == IoFailureCause.None ? IoFailureCause.RingLost : stopped);
    }

    private int LostErrno => _lostErrno != 0 ? _lostErrno : Errno.ENXIO;

    private bool TryRenew()
    {
        if (_renew is null || _ring.Now < _nextRenewal)
            return false;
        try
        {
            TRing ring = _renew();
            try
            {
                ring.Enable(_registersRing);
            }
            catch
            {
                ring.Dispose();
                throw;
            }

            _ring = ring;
        }
        catch (IOException exception)
        {
            _nextRenewal = _ring.Now + RenewalPause;
            _lostErrno = exception is IoUringUnavailableException refusal ? refusal.Errno : Errno.EIO;
            return false;
        }

        _lostErrno = 0;
        _isAbandoned = false;
        RegisterAgain();
        return true;
    }

    /// <summary>Registers devices and pages with the new ring, and updates the files that waiting chunks name.</summary>
    private void RegisterAgain()
    {
        _hasTable = false;
        Volatile.Write(ref _cloneErrno, NotTried);
        Volatile.Write(ref _registerErrno, NotTried);
        _seenVersion = 0;
        _lastLength = 0;
        Array.Clear(_registered);
        _hasFileTable = false;
        Volatile.Write(ref _registerFilesErrno, 0);
        Devices?.RegisterAgain();
        for (int i = 0; i < _owners.Length; i++)
        {
            Chunk* chunk = &_chunks[i];
            if (_owners[i] is not { } request)
                continue;
            int slot = chunk->Slot != DeviceTable.NoSlot ? chunk->Slot : request.Legs[chunk->Region].Slot;
            if (slot == DeviceTable.NoSlot)
                continue;
            chunk->File = Devices![slot].File;
            chunk->EntryFlags = Devices[slot].EntryFlags;
        }
    }

    /// <summary>Fails the chunks that wait for a ring. Those in a closed ring stay there until its teardown.</summary>
    private void FailAll()
    {
        long before = BeginBusy(Stopwatch.GetTimestamp());
        FailEach();
        EndBusy(before, Stopwatch.GetTimestamp());
    }

    private void FailEach()
    {
        while (!_delayed.IsEmpty)
            _again.Append(_delayed.RemoveFirst());
        while (!_again.IsEmpty)
        {
            FailLost(_again.RemoveFirst());
        }

        RequeueWaiting();
        for (Request? request = _queue.First; request is not null; request = request.Next)
        {
            for (int region = 0; region < request.LegCount; region++)
            {
                ref Leg leg = ref request.Legs[region];
                if (leg.Remaining > 0 || leg.Stage == LegStage.MustFlush)
                    request.FailRest(region, LostErrno, IoFailureCause.RingLost);
            }
        }

        Issue();
    }

    private void SleepWithoutRing(long limit)
    {
        if (_teardowns.Count > 0)
            _teardowns[0].Wait(_wakeDescriptor, limit);
        else if (_wakeDescriptor >= 0)
            SleepUntilWoken(limit);
    }

    /// <summary>Makes the new ring complete a poll when the old one is torn down.</summary>
    private void WatchTeardown()
    {
        if (_isTeardownWatched)
            return;
        IoUringSqe* entry = NextEntry(EntryRoute.NoPoll);
        if (entry is null)
            return;
        EntryWriter.WritePoll(entry, _teardowns[0].Descriptor, TeardownToken);
        entry->len = 0;
        _isTeardownWatched = true;
    }

    /// <summary>Sleeps until the eventfd is written: for an owner without a ring and without a teardown to wait for.</summary>
    private void SleepUntilWoken(long limit)
    {
        Pollfd wake = new() { fd = _wakeDescriptor, events = FileAbi.POLLIN };
        KernelTimespec time = new() { tv_sec = limit / 1_000_000_000, tv_nsec = limit % 1_000_000_000 };
        if (Libc.Ppoll(&wake, 1, limit < 0 ? null : &time) > 0)
            WakeEvent.Drain(_wakeDescriptor);
    }
}
