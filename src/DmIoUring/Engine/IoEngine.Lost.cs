using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>A ring that is lost: a system call answered what leaves open which entries the kernel has.</content>
/// <remarks>
/// <para>Such a ring is never entered again. It is closed, and another takes its place. Until the kernel has taken the closed one apart it may use
/// the memory of every entry that it had, so none of them ends before that (<see cref="RingTeardown"/>); then they are carried out
/// once more, by the new ring: each does the same to the same place, and nothing else is promised of an order.</para>
/// <para>Where the host gives no other ring, what waits fails with the errno and the cause <see cref="IoFailureCause.RingLost"/>, and so does what
/// comes later, until an attempt, ten a second at most, gets a ring.</para>
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>Nanoseconds after an attempt that got no ring, until the next.</summary>
    private const long RenewalPause = 100_000_000;

    /// <summary>Nanoseconds to wait for remains that no ring can watch, before looking at everything else.</summary>
    private const long ShortWait = 1_000_000;

    /// <summary>What one lost ring counts as for each entry that it had: a few, and the entry fails.</summary>
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
        int result = _ring.Enter(minComplete, timeout, minWait);
        if (result < 0)
            MarkRingLost(-result);
    }

    /// <summary>The first half of a turn of an engine that has lost its ring, or has entries left in one.</summary>
    /// <returns>Whether there is a ring to go on with.</returns>
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

    /// <summary>When all that was closed is gone, the entries that were in it are the engine's again.</summary>
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
            if (chunk->Kind == ChunkKind.Abandoned)
                Reclaim(i);
            else if (chunk->Attempts > RetryRules.MaxAttempts)
                Fail(i, LostErrno, IoFailureCause.RingLost);
            else
                Reissue(i, 0);
        }
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

    /// <summary>The new ring knows neither files nor pages, and chunks that wait name files that the old one knew.</summary>
    private void RegisterAgain()
    {
        _hasTable = false;
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

    /// <summary>Fails what waits for a ring. What is in a closed one stays there.</summary>
    private void FailAll()
    {
        while (!_delayed.IsEmpty)
            _again.Append(_delayed.RemoveFirst());
        while (!_again.IsEmpty)
        {
            int chunk = _again.RemoveFirst();
            IoFailureCause stopped = _owners[chunk]!.StopCause;
            Fail(chunk, stopped == IoFailureCause.None ? LostErrno : StopErrno(stopped), stopped == IoFailureCause.None ? IoFailureCause.RingLost : stopped);
        }

        for (Request? request = _queueFirst; request is not null; request = request.Next)
        {
            for (int region = 0; region < request.LegCount; region++)
            {
                ref Leg leg = ref request.Legs[region];
                if (leg.Remaining > 0 || leg.Stage == LegStage.FlushFirst)
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

    /// <summary>Has the new ring tell when the old one is gone.</summary>
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

    /// <summary>The sleep of an owner that has no ring, and nothing that it could wait for.</summary>
    private void SleepUntilWoken(long limit)
    {
        Pollfd wake = new() { fd = _wakeDescriptor, events = FileAbi.POLLIN };
        KernelTimespec time = new() { tv_sec = limit / 1_000_000_000, tv_nsec = limit % 1_000_000_000 };
        if (Libc.Ppoll(&wake, 1, limit < 0 ? null : &time) > 0)
            WakeEvent.Drain(_wakeDescriptor);
    }
}
