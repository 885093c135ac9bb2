namespace DmIoUring.Cli.Bench;

/// <summary>A slot as others have it, which draws, times and counts, and a buffer as .NET's own calls take it.</summary>
/// <param name="Slot">The slot; its own buffer is not used.</param>
/// <param name="Memory">Pinned for good, aligned for direct I/O, filled with what doesn't compress.</param>
internal sealed record ArraySlot(BenchSlot Slot, Memory<byte> Memory)
{
    /// <summary>Where the request that was drawn goes, in bytes.</summary>
    public long Offset => Slot.Region.Sector * IoRegion.SectorSize;

    /// <summary>All slots of a run, at the places where this library's would be.</summary>
    public static ArraySlot[] Create(BenchRun run)
    {
        BenchRequest request = run.Request;
        BlockSequence? sequence = request.IsRandom ? null : new BlockSequence(run.Target.Blocks, first: 0);
        SeededSequence random = new(request.Seed);
        ArraySlot[] slots = new ArraySlot[request.Depth];
        for (int slot = 0; slot < slots.Length; slot++)
        {
            ulong seed = SeededSequence.Combine(request.Seed, (ulong)slot);
            slots[slot] = new ArraySlot(
                new BenchSlot(run, run.Target, sequence, buffer: default, seed), SlotMemory.FilledArray(request.BlockBytes, ref random));
        }

        return slots;
    }
}
