using DmIoUring.Cli;
using DmIoUring.Cli.Bench;

namespace DmIoUring.Peers;

/// <summary>One place in the queue: dmio bench's own slot, which draws, times and counts, and a buffer as .NET's calls take it.</summary>
internal sealed class PeerSlot
{
    private const int Alignment = 4096;

    private PeerSlot(BenchSlot slot, Memory<byte> memory)
    {
        Slot = slot;
        Memory = memory;
    }

    public BenchSlot Slot { get; }

    /// <summary>Pinned for good, aligned for direct I/O, filled with what doesn't compress.</summary>
    public Memory<byte> Memory { get; }

    /// <summary>Where the request that was drawn goes, in bytes.</summary>
    public long Offset => Slot.Region.Sector * IoRegion.SectorSize;

    /// <summary>All slots of a run, at the places where dmio bench's would be.</summary>
    public static PeerSlot[] Create(BenchRun run)
    {
        BenchRequest request = run.Request;
        BlockSequence? sequence = request.IsRandom ? null : new BlockSequence(run.Target.Blocks, first: 0);
        PeerSlot[] slots = new PeerSlot[request.Depth];
        for (int slot = 0; slot < slots.Length; slot++)
        {
            ulong seed = SeededSequence.Combine(request.Seed, (ulong)slot);
            slots[slot] = new PeerSlot(new BenchSlot(run, run.Target, sequence, buffer: default, seed), Allocate(request.BlockBytes, (int)seed));
        }

        return slots;
    }

    private static unsafe Memory<byte> Allocate(int bytes, int seed)
    {
        byte[] array = GC.AllocateUninitializedArray<byte>(bytes + Alignment, pinned: true);
        new Random(seed).NextBytes(array);
        fixed (byte* start = array)
            return array.AsMemory((int)(-(nint)start & (Alignment - 1)), bytes);
    }
}
