using System.Globalization;

namespace DmIoUring.Services;

/// <summary>
/// Limits how many bytes a second are copied: of one job, or of all that share it, also of several services. A token bucket: a job that has had its share waits, without
/// a thread, until it is its turn again. kcopyd's <c>dm_kcopyd_throttle</c>, which limits a percentage of time.
/// </summary>
/// <remarks>
/// A piece is charged when it starts, with the bytes that are read of the source, or zeroed. What was not used is kept for a tenth of a second at most. Those that wait
/// are served in the order of their arrival. Any thread may use it. It holds no resources when nobody waits.
/// </remarks>
public sealed class CopyThrottle
{
    /// <summary>The largest rate.</summary>
    public const long MaxBytesPerSecond = 1L << 50;

    private const double KeptSeconds = 0.1;
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly Lock _lock = new();
    private readonly List<CopyJob> _waiting = [];
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _rate;
    private double _balance;
    private long _filled;
    private long _changes;
    private bool _isArming;

    /// <summary>Makes a throttle.</summary>
    /// <param name="bytesPerSecond">The rate, 1 to <see cref="MaxBytesPerSecond"/>.</param>
    /// <param name="timeProvider">The clock; <see langword="null"/> for <see cref="TimeProvider.System"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rate is out of its range.</exception>
    public CopyThrottle(long bytesPerSecond, TimeProvider? timeProvider = null)
    {
        Check(bytesPerSecond);
        _rate = bytesPerSecond;
        _time = timeProvider ?? TimeProvider.System;
        _filled = _time.GetTimestamp();
        _timer = _time.CreateTimer(static throttle => ((CopyThrottle)throttle!).Serve(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The rate. It can be changed at any time, also for those that wait already.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set to less than 1 or to more than <see cref="MaxBytesPerSecond"/>.</exception>
    public long BytesPerSecond
    {
        get => Interlocked.Read(ref _rate);
        set
        {
            Check(value);
            lock (_lock)
            {
                Fill();
                Interlocked.Exchange(ref _rate, value);
            }

            Arm();
        }
    }

    /// <summary>Charges a piece, or has the job wait until <see cref="CopyJob.ThrottleGranted"/>. The service's lock may be held.</summary>
    /// <returns>Whether it may start now.</returns>
    internal bool TryTake(CopyJob job, long bytes)
    {
        lock (_lock)
        {
            Fill();
            if (_waiting.Count == 0 && HasBalance)
            {
                _balance -= bytes;
                return true;
            }

            job.ThrottledBytes = bytes;
            _waiting.Add(job);
        }

        Arm();
        return false;
    }

    /// <summary>Ends a job's wait, if it still waits.</summary>
    internal void Withdraw(CopyJob job)
    {
        lock (_lock)
        {
            if (!_waiting.Remove(job))
                return;
        }

        Arm();
    }

    private static void Check(long bytesPerSecond)
    {
        if (bytesPerSecond is < 1 or > MaxBytesPerSecond)
        {
            throw new ArgumentOutOfRangeException(
                nameof(bytesPerSecond),
                bytesPerSecond,
                string.Create(CultureInfo.InvariantCulture, $"A throttle of {bytesPerSecond} bytes a second; give it 1 to {MaxBytesPerSecond}, or none for no limit."));
        }
    }

    /// <summary>Half a byte is what rounding may lose.</summary>
    private bool HasBalance => _balance >= -0.5;

    private void Fill()
    {
        long now = _time.GetTimestamp();
        _balance = Math.Min(_balance + _time.GetElapsedTime(_filled, now).TotalSeconds * _rate, _rate * KeptSeconds);
        _filled = now;
    }

    /// <summary>Sets the timer, and does not hold the lock for it. One thread does at a time; it sees what others change meanwhile.</summary>
    private void Arm()
    {
        lock (_lock)
        {
            _changes++;
            if (_isArming)
                return;
            _isArming = true;
        }

        while (true)
        {
            long seen;
            TimeSpan wait;
            lock (_lock)
            {
                seen = _changes;
                wait = NextWait();
            }

            _timer.Change(wait, Timeout.InfiniteTimeSpan);
            lock (_lock)
            {
                if (seen != _changes)
                    continue;
                _isArming = false;
                return;
            }
        }
    }

    private TimeSpan NextWait()
    {
        if (_waiting.Count == 0)
            return Timeout.InfiniteTimeSpan;
        Fill();

        // A timer has milliseconds; what is too late is made up for by what the balance keeps.
        double milliseconds = Math.Ceiling(-_balance / _rate * 1000);
        return TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, ShortestWait.TotalMilliseconds, LongestWait.TotalMilliseconds));
    }

    private void Serve()
    {
        lock (_lock)
        {
            Fill();
            int served = 0;
            while (served < _waiting.Count && HasBalance)
            {
                CopyJob job = _waiting[served++];
                _balance -= job.ThrottledBytes;

                // What a job does then may wait for requests, and must not delay the others.
                ThreadPool.UnsafeQueueUserWorkItem(static job => job.ThrottleGranted(), job, preferLocal: false);
            }

            _waiting.RemoveRange(0, served);
        }

        Arm();
    }
}
