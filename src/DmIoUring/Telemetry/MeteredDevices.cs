using DmIoUring.Threading;

namespace DmIoUring.Telemetry;

/// <summary>The devices that a meter reports. A device that is closed leaves its sums to the next of its name.</summary>
internal sealed class MeteredDevices
{
    /// <summary>Where nobody collects, those that are closed are summed up each time that so many are new.</summary>
    private const int MostNew = 256;

    /// <summary>Between collectors. No lane ever waits for it.</summary>
    private readonly UninterruptedLock _lock = new();
    private readonly Dictionary<string, long[]> _ended = new(StringComparer.Ordinal);
    private readonly List<DeviceCounterSet> _devices = [];
    private Link? _new;

    /// <summary>Reports a device. Any thread; takes no lock.</summary>
    public void Add(DeviceCounterSet device)
    {
        Link link = new(device);
        do
        {
            link.Next = Volatile.Read(ref _new);
            link.Length = (link.Next?.Length ?? 0) + 1;
        }
        while (Interlocked.CompareExchange(ref _new, link, link.Next) != link.Next);
        if (link.Length % MostNew == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static devices => devices.SumUpClosed(), this, preferLocal: false);
    }

    /// <summary>The sums by name. Must not be called by a lane.</summary>
    public Dictionary<string, long[]> Read()
    {
        using (_lock.Enter())
        {
            SumUpClosed();
            Dictionary<string, long[]> sums = new(StringComparer.Ordinal);
            foreach ((string name, long[] ended) in _ended)
                sums[name] = [.. ended];
            foreach (DeviceCounterSet device in _devices)
                device.AddTo(SumOf(sums, device.Name));
            return sums;
        }
    }

    /// <summary>How many devices are kept, for tests.</summary>
    public int Count
    {
        get
        {
            using (_lock.Enter())
            {
                SumUpClosed();
                return _devices.Count;
            }
        }
    }

    private void SumUpClosed()
    {
        // It is recursive.
        using (_lock.Enter())
        {
            for (Link? link = Interlocked.Exchange(ref _new, null); link is not null; link = link.Next)
                _devices.Add(link.Device);
            _devices.RemoveAll(device =>
            {
                if (!device.IsFinal)
                    return false;
                device.AddTo(SumOf(_ended, device.Name));
                return true;
            });
        }
    }

    private static long[] SumOf(Dictionary<string, long[]> sums, string name) =>
        sums.TryGetValue(name, out long[]? sum) ? sum : sums[name] = new long[DeviceCounters.Count];

    private sealed class Link(DeviceCounterSet device)
    {
        public DeviceCounterSet Device => device;

        public Link? Next { get; set; }

        public int Length { get; set; }
    }
}
