using DmIoUring.Diagnostics;

namespace DmIoUring;

/// <summary>How a client works. The defaults suit a client that many threads share.</summary>
public sealed record DmIoOptions : IoDriverOptions
{
    /// <summary>
    /// How many lanes (threads, each with a ring of its own) carry the asynchronous requests, 1 to 64. All regions of a
    /// request travel on one lane; requests are dealt out in turn. Default 1.
    /// </summary>
    public int Lanes { get; init; } = 1;

    /// <summary>
    /// How many threads may have a ring of their own for synchronous requests of several regions or chunks, 0 to 4,096.
    /// The ring goes back when the thread ends. Past the bound such a request goes through a lane. Default 64.
    /// </summary>
    public int SyncRings { get; init; } = 64;

    /// <summary>
    /// Whether code after an awaited request runs on the lane's thread instead of the thread pool. It saves a
    /// hand-over and puts <see cref="IoNotify"/>'s rule on that code: it must not block. Off by default.
    /// </summary>
    public bool InlineContinuations { get; init; }

    /// <summary>
    /// How long a lane waits for a quarter of what it has under way (at most 32) to complete, before it settles for one, where it saw
    /// completions come one by one. It takes fewer system calls and wakings; a completion, or a request from another thread, waits that much longer
    /// at most, and only when it comes within that time after the lane fell asleep. Zero to 1 ms, zero for no such wait. Default 20 us. Kernels
    /// before 6.12 wake a lane for every completion.
    /// </summary>
    public TimeSpan LaneBatchWait { get; init; } = TimeSpan.FromMicroseconds(20);

    /// <summary>
    /// How long a lane that has nothing to do goes on looking before it sleeps. Zero, the default, to 1 s. It saves the sleeper's waking, some
    /// microseconds, and takes a processor meanwhile: where that is the one which the device's own thread needs, everything gets slower.
    /// </summary>
    public TimeSpan LaneSpin { get; init; }

    /// <summary>
    /// The processors, counted from 0, that lanes stay on: lane <c>i</c> on the one at <c>i % Count</c>. Empty, the default, for any.
    /// </summary>
    public IReadOnlyList<int> LaneProcessors { get; init; } = [];

    internal override void Validate()
    {
        base.Validate();
        if (LaneBatchWait < TimeSpan.Zero || LaneBatchWait > TimeSpan.FromMilliseconds(1))
            throw OptionRange.Error(nameof(LaneBatchWait), LaneBatchWait, "zero to 1 ms");
        if (LaneSpin < TimeSpan.Zero || LaneSpin > TimeSpan.FromSeconds(1))
            throw OptionRange.Error(nameof(LaneSpin), LaneSpin, "zero to 1 s");
        if (LaneProcessors is null)
            throw OptionRange.Error(nameof(LaneProcessors), "null", "a list; an empty one for no processors in particular");
        foreach (int processor in LaneProcessors)
            Check(nameof(LaneProcessors), processor, 0, MaxProcessor);
        Check(nameof(Lanes), Lanes, 1, 64);
        Check(nameof(SyncRings), SyncRings, 0, 4096);
    }
}
