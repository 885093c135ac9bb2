using DmIoUring.Threading;

namespace DmIoUring.Devices;

/// <summary>What is known of a device's flushes; all <see cref="BlockDevice"/>s of this process on the same device or file share it. Any thread.</summary>
internal sealed class DeviceDurability
{
    private static readonly UninterruptedLock SharedLock = new();
    private static readonly Dictionary<DeviceIdentity, WeakReference<DeviceDurability>> Shared = [];
    private readonly UninterruptedLock _lock = new();
    private readonly DeviceIdentity _identity;
    private int _users;
    private FlushDoubt? _doubt;
    private long _lastFlush;
    private long _failedFlushes;

    /// <summary>The current doubt; null for none.</summary>
    public FlushDoubt? Doubt => Volatile.Read(ref _doubt);

    /// <summary>
    /// Counts the failed flushes. What promises durability compares the count before it is checked for a doubt with the one at its end: a flush that failed in between may
    /// have lost its data.
    /// </summary>
    public long FailedFlushes => Volatile.Read(ref _failedFlushes);

    /// <summary>Of a device that nobody else has open.</summary>
    public DeviceDurability()
    {
    }

    private DeviceDurability(in DeviceIdentity identity) => _identity = identity;

    /// <summary>What all users of a device or file share, until each has called <see cref="Release"/>: its number may be another device's then.</summary>
    public static DeviceDurability Of(in DeviceIdentity identity)
    {
        if (identity == default)
            return new DeviceDurability();
        using (SharedLock.Enter())
        {
            if (!Shared.TryGetValue(identity, out WeakReference<DeviceDurability>? known) || !known.TryGetTarget(out DeviceDurability? durability))
            {
                RemoveForgotten();
                durability = new DeviceDurability(identity);
                Shared[identity] = new WeakReference<DeviceDurability>(durability);
            }

            durability._users++;
            return durability;
        }
    }

    /// <summary>One user less.</summary>
    public void Release()
    {
        if (_identity == default)
            return;
        using (SharedLock.Enter())
        {
            if (--_users == 0)
                Shared.Remove(_identity);
        }
    }

    /// <summary>Ends a doubt, if it is the current one.</summary>
    public bool Acknowledge(FlushDoubt doubt) => Interlocked.CompareExchange(ref _doubt, null, doubt) == doubt;

    /// <summary>A flush has failed, or perhaps has.</summary>
    public void FlushFailed(int errno)
    {
        using (_lock.Enter())
        {
            // In this order: who reads the new count finds the doubt.
            FlushDoubt? before = _doubt;
            Volatile.Write(ref _doubt, new FlushDoubt(errno, before?.Since ?? _lastFlush, (before?.FailedFlushes ?? 0) + 1));
            Volatile.Write(ref _failedFlushes, _failedFlushes + 1);
        }
    }

    /// <summary>A flush has ended well.</summary>
    /// <param name="submitted">When it was submitted, in nanoseconds of the stopwatch.</param>
    /// <param name="failedFlushes">The count of failed flushes then.</param>
    public void FlushEnded(long submitted, long failedFlushes)
    {
        using (_lock.Enter())
        {
            if (failedFlushes == _failedFlushes)
                _lastFlush = Math.Max(_lastFlush, submitted);
        }
    }

    /// <summary>Removes the entries of devices that were never disposed and are garbage.</summary>
    private static void RemoveForgotten()
    {
        foreach ((DeviceIdentity unused, WeakReference<DeviceDurability> reference) in Shared)
        {
            if (!reference.TryGetTarget(out _))
                Shared.Remove(unused);
        }
    }
}
