using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Cli;
using DmIoUring.Cli.Bench;
using DmIoUring.Interop;

namespace DmIoUring.Peers;

/// <summary>
/// As little as can be between C# and the kernel: a completion's slot goes into the next entry at once, entries differ in three
/// fields only, one call hands over all of them and waits for a batch. Nothing knows what a request is.
/// </summary>
internal sealed unsafe class BareLoad : HandleLoad
{
    private readonly ManualResetEventSlim _full = new();
    private long _measured;
    private long _entries;
    private long _enters;

    public BareLoad(BenchRun run)
        : base(run, ends: 1)
    {
    }

    public override long Measured => Volatile.Read(ref _measured);

    public override RingCounts? Counts => new RingCounts(Volatile.Read(ref _entries), Volatile.Read(ref _enters));

    public override void Start()
    {
        new Thread(Work) { Name = "bare ring", IsBackground = true }.Start();
        _full.Wait();
    }

    public override void Dispose()
    {
        base.Dispose();
        _full.Dispose();
    }

    private void Work()
    {
        try
        {
            using BareRing ring = new(Run.Request.Depth, Run.Request.BlockBytes, (int)Handles[0].DangerousGetHandle());
            Loop(ring);
        }
        catch (IOException exception)
        {
            Run.Fail(exception);
        }

        _full.Set();
        SignalEnd();
    }

    /// <summary>Optimized from the first call on: it is called once, and what replaces a running loop may be worse.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Loop(BareRing ring)
    {
        uint bytes = (uint)Run.Request.BlockBytes;
        uint depth = (uint)Run.Request.Depth;
        uint batch = (uint)Run.Request.Batch!.Value;
        long blocks = Run.Target.Blocks;
        LatencyRecorder? latency = Run.Latency;
        SeededSequence random = new(Run.Request.Seed);
        long[] started = new long[depth];
        byte* memory = ring.Memory;
        IoUringSqe* entries = ring.Entries;
        IoUringCqe* completions = ring.Completions;
        uint entryMask = ring.EntryMask;
        uint completionMask = ring.CompletionMask;

        uint tail = 0;
        uint head = 0;
        for (; tail < depth; tail++)
            Fill(&entries[tail], tail, random.Below(blocks));
        uint queued = depth;
        BenchPhase phase;
        do
        {
            // What the kernel did not take now stays published for the next time.
            queued -= ring.Enter(tail, queued, batch);
            uint end = ring.CompletionTail;
            uint count = end - head;
            phase = Run.Phase;
            for (; head != end; head++)
            {
                IoUringCqe* completion = &completions[head & completionMask];
                if (completion->res != bytes)
                    throw BareRing.Failure("READ_FIXED", completion->res);
                uint slot = (uint)completion->user_data;
                if (latency is not null)
                    started[slot] = Time(latency, phase, started[slot]);
                Fill(&entries[tail++ & entryMask], slot, random.Below(blocks));
            }

            ring.CompletionHead = head;
            queued += count;
            Volatile.Write(ref _enters, _enters + 1);
            Volatile.Write(ref _entries, _entries + count);
            if (phase == BenchPhase.Measuring)
                Volatile.Write(ref _measured, _measured + count);
            else if (!_full.IsSet)
                _full.Set();
        }
        while (phase != BenchPhase.Stopping);

        ring.Drain(depth - queued);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Fill(IoUringSqe* entry, uint slot, long block)
        {
            entry->off = (ulong)block * bytes;
            entry->addr = (ulong)memory + (slot * bytes);
            entry->user_data = slot;
        }
    }

    /// <summary>Ends one time and begins the next.</summary>
    private static long Time(LatencyRecorder latency, BenchPhase phase, long started)
    {
        long now = Stopwatch.GetTimestamp();
        if (phase == BenchPhase.Measuring)
            latency.Record(now - started);
        else
            latency.Prepare();
        return now;
    }
}
