using System.Diagnostics;
using DmIoUring.Interop;

namespace DmIoUring.ScratchDevices;

/// <summary>
/// A file in memory, served by this process through /dev/fuse, whose faults are made and ended at run time: errors on chosen sectors,
/// slow and stuck requests, short transfers, power cuts. A loop device goes on it with <see cref="LoopDevice.Over"/>. It logs every
/// request as it came from below that device. Any thread may use it.
/// </summary>
/// <remarks>
/// <para>Make it first and dispose it last: what lies on it waits for its answers. Disposing it, or killing the process, fails all that
/// is under way.</para>
/// <para>The loop driver passes EIO, ENOSPC, ENOMEM, ETIMEDOUT, EREMOTEIO, ENODATA and EILSEQ on, and makes EIO of most others. EAGAIN and
/// EOPNOTSUPP it asks again for ever: give them a number of times.</para>
/// </remarks>
public sealed class FaultFile : IDisposable
{
    private static readonly Lazy<string?> Unavailable = new(FindObstacle);

    // Also guards every fault and request.
    private readonly object _sync = new();
    private readonly List<Fault> _faults = [];
    private readonly List<MediumRequest> _log = [];
    private readonly VolatileMedium _medium;
    private readonly FaultFileOptions _options;
    private readonly FuseMount _mount;
    private readonly FuseServer _server;
    private readonly ReplyClock _clock;
    private int _sequence;
    private bool _isDown;
    private bool _disposed;

    private FaultFile(int size, FaultFileOptions options)
    {
        Size = size;
        _options = options;
        _medium = new VolatileMedium(size, options.Volatile);
        _clock = new ReplyClock(Answer);
        _mount = FuseMount.Create(options.Folder);
        _server = new FuseServer(_mount.Channel, size, Take);
    }

    /// <summary>The file's path.</summary>
    public string Path => _mount.Path;

    /// <summary>Its size in bytes; it can't be changed.</summary>
    public long Size { get; }

    /// <summary>Every request so far, in order of arrival.</summary>
    public IReadOnlyList<MediumRequest> Log => Locked<IReadOnlyList<MediumRequest>>(() => [.. _log]);

    /// <summary>Whether such files can be made here.</summary>
    /// <returns><see langword="null"/> when they can, otherwise the reason in words.</returns>
    public static string? WhyUnavailable() => Unavailable.Value;

    /// <summary>Makes a file of zeroes.</summary>
    /// <param name="size">Bytes, a multiple of 512.</param>
    /// <param name="options">How.</param>
    /// <returns>The file.</returns>
    /// <exception cref="IOException">The kernel refused.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not mount.</exception>
    public static FaultFile Create(int size, FaultFileOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        ArgumentOutOfRangeException.ThrowIfNotEqual(size % VolatileMedium.SectorSize, 0, nameof(size));
        return new FaultFile(size, options ?? new FaultFileOptions());
    }

    /// <summary>Fails requests.</summary>
    /// <param name="operations">Which.</param>
    /// <param name="errno">How; see the remarks for what a loop device makes of it.</param>
    /// <param name="firstSector">On which sectors: a request fails that has one of them.</param>
    /// <param name="sectors">How many sectors.</param>
    /// <param name="times">How often at most.</param>
    /// <returns>The fault, which lasts until it is disposed.</returns>
    public Fault Fail(MediumOperations operations, int errno, long firstSector = 0, long sectors = long.MaxValue, int times = int.MaxValue) =>
        Begin(new Fault(this, operations, firstSector, sectors, times) { Errno = errno });

    /// <summary>Makes requests slow. Others pass them by, as on a disk.</summary>
    /// <param name="operations">Which.</param>
    /// <param name="delay">By how much.</param>
    /// <param name="firstSector">On which sectors.</param>
    /// <param name="sectors">How many sectors.</param>
    /// <param name="times">How often at most.</param>
    /// <returns>The fault, which lasts until it is disposed; those already waiting wait to their end.</returns>
    public Fault Slow(MediumOperations operations, TimeSpan delay, long firstSector = 0, long sectors = long.MaxValue, int times = int.MaxValue) =>
        Begin(new Fault(this, operations, firstSector, sectors, times) { Delay = delay });

    /// <summary>Holds requests, unanswered and not done, until the fault is disposed.</summary>
    /// <param name="operations">Which.</param>
    /// <param name="firstSector">On which sectors.</param>
    /// <param name="sectors">How many sectors.</param>
    /// <param name="times">How many at most.</param>
    /// <returns>The fault.</returns>
    public Fault Hold(MediumOperations operations, long firstSector = 0, long sectors = long.MaxValue, int times = int.MaxValue) =>
        Begin(new Fault(this, operations, firstSector, sectors, times) { Held = [] });

    /// <summary>Does only the beginning of reads and writes, and says so.</summary>
    /// <param name="operations">Which.</param>
    /// <param name="most">How many bytes at most.</param>
    /// <param name="firstSector">On which sectors.</param>
    /// <param name="sectors">How many sectors.</param>
    /// <param name="times">How often at most.</param>
    /// <returns>The fault, which lasts until it is disposed.</returns>
    public Fault Shorten(MediumOperations operations, int most, long firstSector = 0, long sectors = long.MaxValue, int times = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        return Begin(new Fault(this, operations, firstSector, sectors, times) { Most = most });
    }

    /// <summary>
    /// Loses a part of what was written and not flushed, by sectors: all, two thirds, one third or nothing, as the seed says. Every request
    /// fails until <see cref="PowerUp"/>, those under way too.
    /// </summary>
    /// <param name="seed">The same seed loses the same sectors.</param>
    /// <returns>How many sectors were lost, and how many were kept by luck.</returns>
    /// <exception cref="InvalidOperationException">The file is not <see cref="FaultFileOptions.Volatile"/>.</exception>
    public (int Lost, int Kept) PowerCut(int seed)
    {
        if (!_options.Volatile)
            throw new InvalidOperationException("Only a Volatile file has something to lose.");
        lock (_sync)
        {
            _isDown = true;
            return _medium.Cut(seed);
        }
    }

    /// <summary>Serves again after a power cut.</summary>
    public void PowerUp()
    {
        lock (_sync)
            _isDown = false;
    }

    /// <summary>Stops serving, for good: every request fails, those under way too.</summary>
    public void Die() => _mount.Abort();

    /// <summary>Copies what a reader would get, past the faults and the log.</summary>
    /// <param name="sector">The first sector.</param>
    /// <param name="sectors">How many.</param>
    /// <returns>The bytes.</returns>
    public byte[] Read(long sector, long sectors) =>
        Locked(() => _medium.Current.Slice((int)sector * VolatileMedium.SectorSize, (int)sectors * VolatileMedium.SectorSize).ToArray());

    /// <summary>Copies what would be left if the power was cut now and nothing was kept by luck.</summary>
    /// <param name="sector">The first sector.</param>
    /// <param name="sectors">How many.</param>
    /// <returns>The bytes.</returns>
    public byte[] ReadDurable(long sector, long sectors) =>
        Locked(() => _medium.Durable.Slice((int)sector * VolatileMedium.SectorSize, (int)sectors * VolatileMedium.SectorSize).ToArray());

    /// <summary>Puts bytes on the medium, durably, past the faults and the log.</summary>
    /// <param name="sector">The first sector.</param>
    /// <param name="bytes">The bytes.</param>
    public void Write(long sector, ReadOnlySpan<byte> bytes)
    {
        lock (_sync)
            _medium.Write(sector * VolatileMedium.SectorSize, bytes, durable: true);
    }

    /// <summary>Forgets the requests that were answered.</summary>
    public void ClearLog()
    {
        lock (_sync)
            _log.RemoveAll(static request => request.End is not null);
    }

    /// <summary>Ends all requests with errors, and the file.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;

        // The threads end because the mount does; the channel closes behind them.
        _mount.Unmount();
        _server.Dispose();
        _clock.Dispose();
        _mount.Dispose();
    }

    internal T Locked<T>(Func<T> code)
    {
        lock (_sync)
            return code();
    }

    internal bool WaitUntil(Func<bool> condition, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        lock (_sync)
        {
            while (!condition())
            {
                TimeSpan left = limit - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero)
                    return false;
                Monitor.Wait(_sync, left);
            }

            return true;
        }
    }

    internal void End(Fault fault)
    {
        FuseRequest[] held;
        lock (_sync)
        {
            _faults.Remove(fault);
            held = fault.Held is null ? [] : [.. fault.Held];
            fault.Held?.Clear();
        }

        foreach (FuseRequest request in held)
            AnswerInTime(request);
    }

    private Fault Begin(Fault fault)
    {
        lock (_sync)
            _faults.Add(fault);
        return fault;
    }

    private void Take(FuseRequest request)
    {
        lock (_sync)
        {
            request.Entry = _sequence++;
            if (_options.Logs)
                _log.Add(new MediumRequest(request.Operation, request.Offset, request.Length, request.Durable, request.Entry, End: null, Errno: 0));
            if (request.Operation == MediumOperations.Flush)
                request.Flushed = _medium.Dirty();
            if (Strike(request))
                return;
        }

        AnswerInTime(request);
    }

    /// <summary>Whether a fault holds the request.</summary>
    private bool Strike(FuseRequest request)
    {
        bool isHeld = false;
        foreach (Fault fault in _faults.Where(fault => fault.Strikes(request)))
        {
            fault.Struck++;
            request.Delay += fault.Delay;
            request.Most = int.Min(request.Most, fault.Most);
            if (request.Errno == 0)
                request.Errno = fault.Errno;
            if (isHeld || fault.Held is null)
                continue;
            isHeld = true;
            fault.Held.Add(request);
        }

        Monitor.PulseAll(_sync);
        return isHeld;
    }

    private void AnswerInTime(FuseRequest request)
    {
        if (request.Delay > TimeSpan.Zero)
            _clock.Add(request);
        else
            Answer(request);
    }

    /// <summary>Does it and says so. The log has its end before the kernel does, so before whatever the kernel does next.</summary>
    private void Answer(FuseRequest request)
    {
        byte[] payload = [];
        int errno;
        lock (_sync)
        {
            errno = _isDown ? Errno.EIO : request.Errno;
            if (errno == 0)
                payload = Do(request);
            int end = _sequence++;
            int entry = _log.FindLastIndex(logged => logged.Begin == request.Entry);
            if (entry >= 0)
                _log[entry] = _log[entry] with { End = end, Errno = errno };
        }

        request.FreeData();
        _server.Reply(request.Unique, errno, payload);
    }

    private byte[] Do(FuseRequest request)
    {
        int length = (int)long.Clamp(Size - request.Offset, 0, int.Min(request.Length, request.Most));
        switch (request.Operation)
        {
            case MediumOperations.Read:
                return _medium.Current.Slice((int)long.Min(request.Offset, Size), length).ToArray();
            case MediumOperations.Write:
                _medium.Write(request.Offset, request.Data[..length], request.Durable);
                byte[] written = new byte[8];
                BitConverter.TryWriteBytes(written, length);
                return written;
            case MediumOperations.Flush:
                _medium.Keep(request.Flushed!);
                return [];
            default:
                _medium.Zero(request.Offset, length);
                return [];
        }
    }

    private static string? FindObstacle()
    {
        if (!File.Exists(FuseMount.Node))
            return $"{FuseMount.Node} does not exist: the fuse module is not loaded, or this container was not given it";
        try
        {
            using FaultFile probe = Create(VolatileMedium.SectorSize);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return exception.Message;
        }
    }
}
