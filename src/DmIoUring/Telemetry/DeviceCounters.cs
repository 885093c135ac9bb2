using System.Runtime.CompilerServices;

namespace DmIoUring.Telemetry;

/// <summary>
/// Counters of one device: an engine's own, which only its thread writes, or shared ones, which are written by interlocked operations. Any thread may read.
/// </summary>
internal sealed class DeviceCounters
{
    /// <summary>How many counters there are.</summary>
    public const int Count = (int)DeviceCounter.Retries + 1;

    /// <summary>How many operations there are; a counter of bytes lies as many behind that of its operation.</summary>
    public const int Operations = (int)DeviceCounter.ReadBytes;

    private Cells _cells;

    /// <summary>Adds to one of an engine's own. Must be called on the owning thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(DeviceCounter counter, long number) => Cell((int)counter) += number;

    /// <summary>Counts an operation of an engine's own, and its bytes. Must be called on the owning thread.</summary>
    /// <param name="operation">The operation's number.</param>
    /// <param name="bytes">How many were transferred just now.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddOperation(int operation, long bytes)
    {
        Cell(operation)++;
        Cell(operation + Operations) += bytes;
    }

    /// <summary>Adds to shared ones. Any thread.</summary>
    public void AddShared(DeviceCounter counter, long number) => Interlocked.Add(ref Cell((int)counter), number);

    /// <summary>Adds all to a sum.</summary>
    public void AddTo(Span<long> sum)
    {
        for (int i = 0; i < Count; i++)
            sum[i] += Volatile.Read(ref Cell(i));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref long Cell(int index) => ref Unsafe.Add(ref Unsafe.As<Cells, long>(ref _cells), Padding + index);

    /// <summary>Of the cells at either end, which no other object's writers may share a cache line with.</summary>
    private const int Padding = 8;

    [InlineArray(Padding + Count + Padding)]
    private struct Cells
    {
#pragma warning disable IDE0051, S1144 // The element of an inline array.
        private long _first;
#pragma warning restore IDE0051, S1144
    }
}
