namespace DmIoUring.Cli.Bench;

/// <summary>One of the jobs: its slots, and where it is when it goes through the blocks in order.</summary>
internal sealed class BenchJob
{
    /// <summary>Makes its slots.</summary>
    /// <param name="run">The run.</param>
    /// <param name="target">Where its requests go.</param>
    /// <param name="number">Which of that target's jobs. A sequential one begins at its own share of the blocks, so that jobs don't read the same.</param>
    /// <param name="memory">The slots' buffers.</param>
    /// <param name="firstBuffer">The first of this job's.</param>
    public BenchJob(BenchRun run, BenchTarget target, int number, SlotMemory memory, int firstBuffer)
    {
        BenchRequest request = run.Request;
        long blocks = target.Blocks;
        Target = target;
        BlockSequence? sequence = request.IsRandom ? null : new BlockSequence(blocks, blocks * number / request.Jobs);
        Slots = new BenchSlot[request.Depth];
        for (int slot = 0; slot < Slots.Length; slot++)
        {
            ulong part = ((ulong)((target.Number * request.Jobs) + number) << 32) + (ulong)slot;
            Slots[slot] = new BenchSlot(run, target, sequence, memory[firstBuffer + slot], SeededSequence.Combine(request.Seed, part));
        }
    }

    /// <summary>Where its requests go.</summary>
    public BenchTarget Target { get; }

    public BenchSlot[] Slots { get; }

    /// <summary>Requests that ended in the measured part.</summary>
    public long Measured => Slots.Sum(static slot => slot.Measured);
}
