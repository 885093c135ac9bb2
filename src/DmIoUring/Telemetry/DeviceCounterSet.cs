using System.Numerics;
using DmIoUring.Threading;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Telemetry;

/// <summary>
/// All counters of one device: those of each engine that holds it, and shared ones for everybody else. Reading them takes no lock, so that a reader never
/// keeps a lane from its work.
/// </summary>
/// <param name="name">What the device is called in metrics, events and logs.</param>
/// <param name="handle">Open as long as anybody may count.</param>
internal sealed class DeviceCounterSet(string name, SafeFileHandle handle)
{
    private const int MostShared = 16;

    private readonly UninterruptedLock _lock = new();

    /// <summary>Weak: a device that nobody has disposed must be closed by the collector, whoever reads its counters.</summary>
    private readonly WeakReference<SafeFileHandle> _handle = new(handle);

    /// <summary>One for each processor, as long as there are few: threads on different processors do not write the same cache line.</summary>
    private readonly DeviceCounters?[] _shared = new DeviceCounters?[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, MostShared))];

    private volatile Rows _rows = new([], new long[DeviceCounters.Count]);
    private volatile IoInstruments[] _meters = [];
    private volatile bool _isGivenUp;

    /// <summary>What the device is called in metrics, events and logs.</summary>
    public string Name { get; } = DeviceNames.Bounded(name);

    /// <summary>How often the log may tell of failures, and of retries.</summary>
    public LogLimit FailureLog { get; } = new();

    public LogLimit RetryLog { get; } = new();

    /// <summary>Whether nothing will be counted any more: the device is closed, or is not used any more though its handle is somebody else's.</summary>
    public bool IsFinal => _isGivenUp || !_handle.TryGetTarget(out SafeFileHandle? open) || open.IsClosed;

    /// <summary>A device on a handle of somebody else's was disposed, who may keep the handle open for ever. What is in flight is not counted.</summary>
    public void GiveUp() => _isGivenUp = true;

    /// <summary>The shared counters of the calling thread's processor.</summary>
    public DeviceCounters Shared => _shared[Thread.GetCurrentProcessorId() & (_shared.Length - 1)] ?? MakeShared();

    /// <summary>Has a meter report the device, if it does not yet. Any thread.</summary>
    public void ReportBy(IoInstruments meter)
    {
        IoInstruments[] known = _meters;
        if (known.Length > 0 && known[0] == meter)
            return;
        if (Array.IndexOf(known, meter) < 0)
            AddMeter(meter);
    }

    private void AddMeter(IoInstruments meter)
    {
        using (_lock.Enter())
        {
            if (Array.IndexOf(_meters, meter) >= 0)
                return;
            _meters = [.. _meters, meter];
        }

        meter.Devices.Add(this);
    }

    /// <summary>Counters for an engine of its own.</summary>
    public DeviceCounters Add()
    {
        DeviceCounters added = new();
        using (_lock.Enter())
            _rows = _rows with { Own = [.. _rows.Own, added] };
        return added;
    }

    /// <summary>Ends an engine's counters, which nobody writes any more; what they have counted stays.</summary>
    public void Remove(DeviceCounters ended)
    {
        using (_lock.Enter())
        {
            long[] sum = [.. _rows.Ended];
            ended.AddTo(sum);
            _rows = new Rows(Array.FindAll(_rows.Own, own => own != ended), sum);
        }
    }

    /// <summary>The sum of all. Any thread.</summary>
    /// <param name="sum">At least <see cref="DeviceCounters.Count"/> of them; added to.</param>
    public void AddTo(Span<long> sum)
    {
        Rows rows = _rows;
        for (int i = 0; i < rows.Ended.Length; i++)
            sum[i] += rows.Ended[i];
        foreach (DeviceCounters own in rows.Own)
            own.AddTo(sum);
        foreach (ref readonly DeviceCounters? shared in _shared.AsSpan())
            Volatile.Read(in shared)?.AddTo(sum);
    }

    private DeviceCounters MakeShared()
    {
        DeviceCounters made = new();
        ref DeviceCounters? shared = ref _shared[Thread.GetCurrentProcessorId() & (_shared.Length - 1)];
        return Interlocked.CompareExchange(ref shared, made, null) ?? made;
    }

    /// <summary>Never changed: a reader sees either the counters of an engine or what they have counted, and never both.</summary>
    private sealed record Rows(DeviceCounters[] Own, long[] Ended);
}
