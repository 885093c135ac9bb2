using DmIoUring.Threading;

namespace DmIoUring.Devices;

/// <summary>The failed flushes of a device; all <see cref="BlockDevice"/>s of this process on the same device or file share it. Any thread.</summary>
internal sealed class DeviceDurability
{
    /// <summary>The most failures of which it is kept what was durable before.</summary>
    private const int MostKept = 4096;

    private static readonly UninterruptedLock SharedLock = new();
    private static readonly Dictionary<DeviceIdentity, WeakReference<DeviceDurability>> Shared = [];
    private static int _nextCleaning = 64;
    private readonly UninterruptedLock _lock = new();

    /// <summary>For each failure when the last flush was submitted that had ended well before.</summary>
    private readonly List<long> _since = [];
    private long _lastFlush;
    private long _failedFlushes;
    private long _acknowledged;
    private int _errno;
    private int _users;

    /// <summary>
    /// Counts the failed flushes. What promises durability compares the count before it is checked for a doubt with the one at its end: a flush that failed in between may
    /// have lost its data.
    /// </summary>
    public long FailedFlushes => Volatile.Read(ref _failedFlushes);

    /// <summary>What all users of a device or file share, as long as one of them or a request on it is alive.</summary>
    public static DeviceDurability Of(in DeviceIdentity identity)
    {
        if (identity == default)
            return new DeviceDurability();
        using (SharedLock.Enter())
        {
            if (Shared.TryGetValue(identity, out WeakReference<DeviceDurability>? known) && known.TryGetTarget(out DeviceDurability? durability))
                return durability;
            if (Shared.Count >= _nextCleaning)
                RemoveForgotten();
            durability = new DeviceDurability();
            Shared[identity] = new WeakReference<DeviceDurability>(durability);
            return durability;
        }
    }

    /// <summary>One user more, who has the device open.</summary>
    /// <returns>
    /// How many failures are no concern of that user: those that somebody has dealt with, or all when nobody else has the device open, whose number may have been
    /// another device's.
    /// </returns>
    public long AddUser()
    {
        using (_lock.Enter())
        {
            if (_users++ == 0)
                _acknowledged = _failedFlushes;
            return _acknowledged;
        }
    }

    public void RemoveUser()
    {
        using (_lock.Enter())
            _users--;
    }

    /// <summary>Somebody has dealt with so many failures.</summary>
    public void Acknowledge(long failedFlushes)
    {
        using (_lock.Enter())
            _acknowledged = Math.Max(_acknowledged, failedFlushes);
    }

    /// <summary>The doubt of somebody who has acknowledged so many failures; null for none.</summary>
    public FlushDoubt? DoubtAfter(long acknowledged)
    {
        using (_lock.Enter())
        {
            if (_failedFlushes == acknowledged)
                return null;
            long since = acknowledged < _since.Count ? _since[(int)acknowledged] : 0;
            return new FlushDoubt(_errno, since, _failedFlushes - acknowledged, _failedFlushes);
        }
    }

    /// <summary>A flush has failed, or perhaps has.</summary>
    public void FlushFailed(int errno)
    {
        using (_lock.Enter())
        {
            if (_since.Count < MostKept)
                _since.Add(_lastFlush);
            _errno = errno;
            Volatile.Write(ref _failedFlushes, _failedFlushes + 1);
        }
    }

    /// <summary>A flush has ended well.</summary>
    /// <param name="submitted">When it was submitted, in ticks of the stopwatch.</param>
    /// <param name="failedFlushes">The count of failed flushes then.</param>
    public void FlushEnded(long submitted, long failedFlushes)
    {
        using (_lock.Enter())
        {
            if (failedFlushes == _failedFlushes)
                _lastFlush = Math.Max(_lastFlush, submitted);
        }
    }

    /// <summary>Removes the entries of devices that are garbage.</summary>
    private static void RemoveForgotten()
    {
        foreach ((DeviceIdentity unused, WeakReference<DeviceDurability> reference) in Shared)
        {
            if (!reference.TryGetTarget(out _))
                Shared.Remove(unused);
        }

        _nextCleaning = Math.Max(64, Shared.Count * 2);
    }
}
