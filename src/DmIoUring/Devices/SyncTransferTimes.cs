using System.Diagnostics;
using DmIoUring.Threading;

namespace DmIoUring.Devices;

/// <summary>
/// How long synchronous transfers of one chunk take on a device: by one system call, which sleeps, or by a ring whose thread waits awake. Which is better
/// depends on the device: one that completes within the call has nothing to wait for, and of a slow one being woken is the smaller part.
/// </summary>
internal sealed class SyncTransferTimes
{
    /// <summary>In bytes; longer transfers take so long that being woken makes no difference.</summary>
    public const int MaxLength = 64 << 10;

    private const int SmallLength = 8 << 10;

    /// <summary>The processor time of waiting awake must be worth it: the ring takes less than this part of the call's time, and not long.</summary>
    private const double Worth = 0.85;
    private static readonly long MostTicks = Stopwatch.Frequency / 40_000;

    private readonly WayComparison[] _comparisons = [new(Worth, MostTicks), new(Worth, MostTicks), new(Worth, MostTicks), new(Worth, MostTicks)];

    /// <summary>The comparison for transfers of this kind; its second way is the ring.</summary>
    public ref WayComparison Of(bool isWrite, long length) => ref _comparisons[(isWrite ? 2 : 0) + (length > SmallLength ? 1 : 0)];
}
