using System.Diagnostics;
using DmIoUring.Interop;

namespace DmIoUring.Testing;

/// <summary>
/// A medium in memory whose faults are made and ended at run time: errors on chosen sectors, slow and stuck requests, short transfers. It logs every request. Any
/// thread may use it. <see cref="SimulatedDisk"/> is one.
/// </summary>
/// <remarks>
/// A fault strikes the requests that arrive after it was made. Several may strike one request: the first error counts, the shortest length, and the sum of the delays, a day at most.
/// Sectors have 512 bytes, whatever the logical block is.
/// </remarks>
public abstract class FaultyMedium
{
    /// <summary>What moves bytes, and so can end with fewer.</summary>
    private const MediumOperations Transfers = MediumOperations.Read | MediumOperations.Write;

    private readonly List<Fault> _faults = [];
    private readonly List<MediumRequest> _log = [];
    private readonly List<MediumCall> _inFlight = [];
    private readonly bool _logs;

    private protected FaultyMedium(VolatileMedium medium, MediumGate gate, bool logs)
    {
        Medium = medium;
        Gate = gate;
        _logs = logs;
    }

    /// <summary>Its size in bytes.</summary>
    public long Size => Locked(() => Medium.Size);

    /// <summary>Every request so far, in order of arrival.</summary>
    public IReadOnlyList<MediumRequest> Log => Locked<IReadOnlyList<MediumRequest>>(() => [.. _log]);

    internal VolatileMedium Medium { get; }

    internal MediumGate Gate { get; }

    /// <summary>Requests that have arrived and not ended. The lock must be held.</summary>
    internal IReadOnlyList<MediumCall> InFlight => _inFlight;

    /// <summary>With which errno everything fails; 0 while it does not.</summary>
    internal int DownErrno { get; private set; }

    /// <summary>Fails requests. Nothing of them is done.</summary>
    /// <param name="operations">Which.</param>
    /// <param name="errno">How: a positive errno of Linux, as 5 for EIO, 28 for ENOSPC. A request whose errno is 11 (EAGAIN) is tried again by the engine.</param>
    /// <param name="firstSector">On which sectors: a request fails that has one of them.</param>
    /// <param name="sectors">How many sectors.</param>
    /// <param name="times">How often at most.</param>
    /// <returns>The fault, which lasts until it is disposed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or 0 where nothing would be struck; or <paramref name="errno"/> is not 1 to 4095.</exception>
    public Fault Fail(MediumOperations operations, int errno, long firstSector = 0, long sectors = long.MaxValue, int times = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(errno);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(errno, 4095);
        return Begin(new Fault(this, operations, firstSector, sectors, times) { Errno = errno });
    }

    /// <summary>Makes requests slow. Others pass them by, as on a disk.</summary>
    /// <param name="operations">Which.</param>
    /// <param name="delay">By how much, a day at most.</param>
    /// <param name="firstSector">On which sectors.</param>
    /// <param name="sectors">How many sectors.</param>
    /// <param name="times">How often at most.</param>
    /// <returns>The fault, which lasts until it is disposed; those already waiting wait to their end.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or 0 where nothing would be struck; or <paramref name="delay"/> is longer than a day.</exception>
    public Fault Slow(MediumOperations operations, TimeSpan delay, long firstSector = 0, long sectors = long.MaxValue, int times = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(delay, MediumGate.LongestDelay);
        return Begin(new Fault(this, operations, firstSector, sectors, times) { Delay = delay });
    }

    /// <summary>Holds requests, unanswered and not done, until the fault is disposed.</summary>
    /// <param name="operations">Which.</param>
    /// <param name="firstSector">On which sectors.</param>
    /// <param name="sectors">How many sectors.</param>
    /// <param name="times">How many at most.</param>
    /// <returns>The fault.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or 0 where nothing would be struck.</exception>
    public Fault Hold(MediumOperations operations, long firstSector = 0, long sectors = long.MaxValue, int times = int.MaxValue) =>
        Begin(new Fault(this, operations, firstSector, sectors, times) { Held = [] });

    /// <summary>Does only the beginning of reads and writes, and says so. It strikes nothing else: a flush, a discard or zeroes can't end in part.</summary>
    /// <param name="operations">Which. Of others than reads and writes it takes no notice.</param>
    /// <param name="most">How many bytes at most.</param>
    /// <param name="firstSector">On which sectors.</param>
    /// <param name="sectors">How many sectors.</param>
    /// <param name="times">How often at most.</param>
    /// <returns>The fault, which lasts until it is disposed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or 0 where nothing would be struck; or <paramref name="operations"/> has neither reads nor writes.</exception>
    public Fault Shorten(MediumOperations operations, int most, long firstSector = 0, long sectors = long.MaxValue, int times = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        if ((operations & Transfers) == 0)
            throw new ArgumentOutOfRangeException(nameof(operations), operations, "Only reads and writes can be short.");
        return Begin(new Fault(this, operations & Transfers, firstSector, sectors, times) { Most = most });
    }

    /// <summary>Copies what a reader would get, past the faults and the log.</summary>
    /// <param name="sector">The first sector.</param>
    /// <param name="sectors">How many.</param>
    /// <returns>The bytes.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The sectors are not all on the medium.</exception>
    public byte[] Read(long sector, long sectors)
    {
        byte[] bytes = NewBuffer(sector, sectors);
        lock (Gate.Sync)
            Medium.Read(sector * VolatileMedium.SectorSize, bytes);
        return bytes;
    }

    /// <summary>Copies what would be left if the power was cut now and nothing was kept by luck.</summary>
    /// <param name="sector">The first sector.</param>
    /// <param name="sectors">How many.</param>
    /// <returns>The bytes.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The sectors are not all on the medium.</exception>
    public byte[] ReadDurable(long sector, long sectors)
    {
        byte[] bytes = NewBuffer(sector, sectors);
        lock (Gate.Sync)
            Medium.ReadDurable(sector * VolatileMedium.SectorSize, bytes);
        return bytes;
    }

    /// <summary>Puts bytes on the medium, durably, past the faults and the log.</summary>
    /// <param name="sector">The first sector.</param>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes would not all be on the medium.</exception>
    public void Write(long sector, ReadOnlySpan<byte> bytes)
    {
        CheckRange(sector, (bytes.Length + VolatileMedium.SectorSize - 1) / VolatileMedium.SectorSize);
        lock (Gate.Sync)
            Medium.Write(Medium.BeginWrite(), sector * VolatileMedium.SectorSize, bytes, durable: true);
    }

    /// <summary>Forgets the requests that were answered.</summary>
    public void ClearLog()
    {
        lock (Gate.Sync)
            _log.RemoveAll(static request => request.End is not null);
    }

    internal T Locked<T>(Func<T> code)
    {
        lock (Gate.Sync)
            return code();
    }

    internal bool WaitUntil(Func<bool> condition, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        lock (Gate.Sync)
        {
            while (!condition())
            {
                TimeSpan left = limit == Timeout.InfiniteTimeSpan ? MediumGate.LongestWait : limit - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero)
                    return false;
                Monitor.Wait(Gate.Sync, left < MediumGate.LongestWait ? left : MediumGate.LongestWait);
            }

            return true;
        }
    }

    internal void End(Fault fault)
    {
        MediumCall[] held;
        lock (Gate.Sync)
        {
            _faults.Remove(fault);
            held = fault.Held is null ? [] : [.. fault.Held];
            fault.Held?.Clear();
        }

        foreach (MediumCall call in held)
            AnswerInTime(call);
    }

    /// <summary>A request has come. It is answered during this call, or later on another thread.</summary>
    internal void Take(MediumCall call)
    {
        if (TryBegin(call))
            AnswerInTime(call);
    }

    /// <summary>The first half of <see cref="Take"/>. What becomes of a request that finds the medium down is decided here: it may be up when the request is answered.</summary>
    /// <returns>Whether it is to be answered; false when a fault holds it.</returns>
    internal bool TryBegin(MediumCall call)
    {
        lock (Gate.Sync)
        {
            call.Medium = this;
            call.Entry = Gate.Next();
            try
            {
                if (_logs)
                    _log.Add(new MediumRequest(call.Operation, call.Offset, call.Length, call.Durable, call.Entry, End: null, Errno: 0));
                _inFlight.Add(call);
                if (DownErrno == 0)
                    Arrived(call);
                call.DownErrno = DownErrno;
                if (DownErrno != 0)
                    return true;
                if (call.Operation == MediumOperations.Flush)
                    call.Flushed = Medium.Dirty();
                return !Strike(call);
            }
            catch (OutOfMemoryException)
            {
                call.Errno = Errno.ENOMEM;
                return true;
            }
        }
    }

    /// <summary>The second half of <see cref="Take"/>.</summary>
    internal void AnswerInTime(MediumCall call)
    {
        if (call.Delay > TimeSpan.Zero && call.DownErrno == 0 && Gate.Clock.TryAdd(call))
            return;
        Answer(call);
    }

    /// <summary>Does what was asked and says so; nothing for a request that has ended. The log has its end before the one who asked does, so before whatever that one does next.</summary>
    internal void Answer(MediumCall call)
    {
        int errno;
        long length = 0;
        lock (Gate.Sync)
        {
            if (call.IsEnded)
                return;
            call.IsEnded = true;
            _inFlight.Remove(call);
            errno = call.DownErrno != 0 ? call.DownErrno : call.Errno;
            try
            {
                if (errno == 0)
                    length = Do(call);
                else if (call.DownErrno == 0)
                    Failed(call, errno);
            }
            catch (OutOfMemoryException)
            {
                // Whoever asked waits for an end.
                errno = Errno.ENOMEM;
            }

            int end = Gate.Next();
            int entry = _log.FindLastIndex(logged => logged.Begin == call.Entry);
            if (entry >= 0)
                _log[entry] = _log[entry] with { End = end, Errno = errno };
        }

        call.End(errno, length);
    }

    /// <summary>Everything fails from now on, and what is in flight, whenever it ends. The lock must be held.</summary>
    internal void GoDown(int errno)
    {
        DownErrno = errno;
        foreach (MediumCall call in _inFlight)
            call.DownErrno = errno;
    }

    /// <summary>What comes from now on is carried out again. The lock must be held.</summary>
    internal void ComeUp() => DownErrno = 0;

    /// <summary>Ends all that is in flight. The lock must be held.</summary>
    /// <param name="except">A request that is about to be answered anyway.</param>
    internal void EndInFlight(MediumCall? except = null)
    {
        foreach (Fault fault in _faults)
            fault.Held?.Clear();
        foreach (MediumCall call in _inFlight.ToArray())
        {
            if (call != except)
                Answer(call);
        }
    }

    /// <summary>A request has come, while nothing is wrong. The lock is held.</summary>
    private protected virtual void Arrived(MediumCall call)
    {
    }

    /// <summary>No fault has struck a request. The lock is held.</summary>
    private protected virtual void NotStruck(MediumCall call)
    {
    }

    /// <summary>A request fails. The lock is held.</summary>
    private protected virtual void Failed(MediumCall call, int errno)
    {
    }

    /// <summary>Carries out a discard or zeroes. The lock is held.</summary>
    private protected virtual void Erase(MediumCall call, long length, bool durable) => Medium.Zero(call.Offset, length, durable);

    /// <summary>How many bytes of a request are done when it ends: also of one that fails.</summary>
    private protected long PartOf(MediumCall call) => long.Clamp(
        Medium.Size - call.Offset,
        0,
        call.Errno != 0 ? call.Torn : (call.Operation & Transfers) != 0 ? long.Min(call.Length, call.Most) : call.Length);

    /// <summary>Whether a completed write is durable without a flush.</summary>
    private protected virtual bool WritesThrough => false;

    private Fault Begin(Fault fault)
    {
        lock (Gate.Sync)
            _faults.Add(fault);
        return fault;
    }

    /// <summary>Whether a fault holds the request.</summary>
    private bool Strike(MediumCall call)
    {
        bool isHeld = false;
        bool isStruck = false;
        foreach (Fault fault in _faults.Where(fault => fault.Strikes(call)))
        {
            isStruck = true;
            fault.Struck++;
            call.Delay = MediumGate.Sum(call.Delay, fault.Delay);
            call.Most = long.Min(call.Most, fault.Most);
            if (call.Errno == 0)
                call.Errno = fault.Errno;
            if (isHeld || fault.Held is null)
                continue;
            isHeld = true;
            fault.Held.Add(call);
        }

        if (!isStruck)
            NotStruck(call);
        Monitor.PulseAll(Gate.Sync);
        return isHeld;
    }

    private long Do(MediumCall call)
    {
        long length = PartOf(call);
        switch (call.Operation)
        {
            case MediumOperations.Read:
                call.CopyFrom(Medium, length);
                return length;
            case MediumOperations.Write:
                call.CopyTo(Medium, length, call.Durable || WritesThrough);
                return length;
            case MediumOperations.Flush:
                Medium.Keep(call.Flushed!);
                return 0;
            default:
                Erase(call, length, WritesThrough);
                return 0;
        }
    }

    private byte[] NewBuffer(long sector, long sectors)
    {
        CheckRange(sector, sectors);
        return new byte[checked((int)(sectors * VolatileMedium.SectorSize))];
    }

    private void CheckRange(long sector, long sectors)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sector);
        ArgumentOutOfRangeException.ThrowIfNegative(sectors);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sectors, (Size / VolatileMedium.SectorSize) - sector);
    }
}
