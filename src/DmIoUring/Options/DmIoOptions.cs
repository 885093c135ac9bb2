using System.Globalization;
using System.Text;
using DmIoUring.Diagnostics;

namespace DmIoUring;

/// <summary>How a client works. The defaults suit a client that many threads share.</summary>
public sealed record DmIoOptions : IoDriverOptions
{
    /// <summary>
    /// How many lanes (threads, each with a ring of its own) carry the asynchronous requests, 1 to 64. All regions of a
    /// request use the same lane; requests are distributed round robin. Default 1.
    /// </summary>
    public int Lanes { get; set; } = 1;

    /// <summary>
    /// How many threads may have a ring of their own for synchronous requests, 0 to 4,096: for those of several regions or chunks, and where waiting
    /// awake is faster than a system call (<see cref="IoDriverOptions.WaitPolicy"/>) for others, too. The ring is released when the thread ends.
    /// A thread beyond that number uses a lane for several regions or chunks, and the system call otherwise. Default 64.
    /// </summary>
    public int SyncRings { get; set; } = 64;

    /// <summary>
    /// Whether the continuation of an awaited request runs on the lane's thread instead of the thread pool. It saves a thread switch, but
    /// that code must not block, like an <see cref="IoNotify"/>. Off by default.
    /// </summary>
    public bool InlineContinuations { get; set; }

    /// <summary>
    /// Which threads callbacks run on. Default <see cref="IoCallbackThreads.Lane"/>, the fastest, where no callback may block. With
    /// <see cref="IoCallbackThreads.ThreadPool"/> one may: for a client that several layers of a program share, of which one waits for another's requests.
    /// <see cref="DmIoClient.TryComplete"/> lets threads that wait run callbacks, too.
    /// </summary>
    public IoCallbackThreads Callbacks { get; set; }

    /// <summary>
    /// How long a lane waits for several completions, a quarter of its entries in flight and at most 32, before one is enough. A lane does so
    /// only while completions arrive one by one. It saves system calls and wake-ups. A completion, or a request from another thread, is delayed
    /// by at most this time, and only when it comes within this time after the lane fell asleep. Zero to 1 ms; zero for no such wait. Default
    /// 20 us. Kernels before 6.12 wake a lane for every completion.
    /// </summary>
    public TimeSpan LaneBatchWait { get; set; } = TimeSpan.FromMicroseconds(20);

    /// <summary>
    /// The processors, counted from 0, that lanes stay on: lane <c>i</c> on the one at <c>i % Count</c>. Empty, the default, for any.
    /// </summary>
    public IReadOnlyList<int> LaneProcessors { get; set; } = [];

    /// <summary>Adds every option to the text of <see cref="object.ToString"/>, lists with what is in them.</summary>
    /// <param name="builder">The text.</param>
    /// <returns>Whether there is an option.</returns>
    protected override bool PrintMembers(StringBuilder builder)
    {
        base.PrintMembers(builder);
        builder.Append(CultureInfo.InvariantCulture, $", Lanes = {Lanes}, SyncRings = {SyncRings}, InlineContinuations = {InlineContinuations}");
        builder.Append(CultureInfo.InvariantCulture, $", Callbacks = {Callbacks}, LaneBatchWait = {LaneBatchWait}");
        builder.Append(CultureInfo.InvariantCulture, $", LaneProcessors = [{string.Join(", ", LaneProcessors ?? [])}]");
        return true;
    }

    /// <summary>What a client keeps: nobody changes it any more.</summary>
    internal DmIoOptions Copy() => this with { LaneProcessors = LaneProcessors is null ? null! : [.. LaneProcessors] };

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        if (LaneBatchWait < TimeSpan.Zero || LaneBatchWait > TimeSpan.FromMilliseconds(1))
            throw OptionRange.Error(nameof(LaneBatchWait), LaneBatchWait, "zero to 1 ms");
        if (LaneProcessors is null)
            throw OptionRange.Error(nameof(LaneProcessors), "null", "a list; an empty one for no processors in particular");
        foreach (int processor in LaneProcessors)
            Check(nameof(LaneProcessors), processor, 0, MaxProcessor);
        if (Callbacks is < IoCallbackThreads.Lane or > IoCallbackThreads.ThreadPool)
            throw OptionRange.Error(nameof(Callbacks), Callbacks, "one of IoCallbackThreads' values");
        Check(nameof(Lanes), Lanes, 1, 64);
        Check(nameof(SyncRings), SyncRings, 0, 4096);
    }
}
