using System.Numerics;
using DmIoUring.Threading;

namespace DmIoUring.Diagnostics;

/// <summary>
/// All counters of one device: those of each engine that holds it, and shared ones for everybody else. Reading them takes no lock, so that a reader never
/// keeps a lane from its work.
/// </summary>
internal sealed class DeviceCounterSet
{
    private const int MostShared = 16;

    private readonly UninterruptedLock _lock = new();

    /// <summary>One for each processor, as long as there are few: threads on different processors do not write the same cache line.</summary>
    private readonly DeviceCounters?[] _shared = new DeviceCounters?[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, MostShared))];

    private volatile Rows _rows = new([], new long[DeviceCounters.Count]);

    /// <summary>The shared counters of the calling thread's processor.</summary>
    public DeviceCounters Shared => _shared[Thread.GetCurrentProcessorId() & (_shared.Length - 1)] ?? MakeShared();

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
