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

    private readonly Lock _lock = new();
    private readonly List<CopyJob> _waiting = [];
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _rate;
    private double _balance;
    private long _filled;

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
                Arm();
            }
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
            Arm();
            return false;
        }
    }

    /// <summary>Ends a job's wait, if it still waits.</summary>
    internal void Withdraw(CopyJob job)
    {
        lock (_lock)
        {
            _waiting.Remove(job);
            Arm();
        }
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

    private void Arm()
    {
        if (_waiting.Count == 0)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        // A timer has milliseconds; what is too late is made up for by what the balance keeps.
        double milliseconds = Math.Clamp(Math.Ceiling(-_balance / _rate * 1000), 0, LongestWait.TotalMilliseconds);
        _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
    }

    private void Serve()
    {
        while (true)
        {
            CopyJob job;
            lock (_lock)
            {
                Fill();
                if (_waiting.Count == 0 || !HasBalance)
                {
                    Arm();
                    return;
                }

                job = _waiting[0];
                _waiting.RemoveAt(0);
                _balance -= job.ThrottledBytes;
            }

            job.ThrottleGranted();
        }
    }
}
