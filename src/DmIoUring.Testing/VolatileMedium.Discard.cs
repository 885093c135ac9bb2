namespace DmIoUring.Testing;

/// <content>What a disk makes of discarded sectors that promises nothing of them.</content>
internal sealed partial class VolatileMedium
{
    /// <summary>The sectors that were discarded and of which no later write is durable, as they were before, with the number of the discard.</summary>
    private readonly Dictionary<long, WrittenSector> _discarded = [];

    /// <summary>What a discarded unit may be.</summary>
    private enum Discarded
    {
        AsItIs,
        Zeroes,
        Garbage,
        Old,
    }

    /// <summary>
    /// Discards what has memory: each unit is old data, zeroes or garbage from now on, by the seed; in half of all cases all of them are the same, as a disk has it that ignores discards, or
    /// zeroes on them. A discard can be lost or kept as a write can. What was never written stays zeroes.
    /// </summary>
    /// <param name="offset">Bytes, at a unit's beginning.</param>
    /// <param name="length">Bytes, whole units.</param>
    /// <param name="durable">Whether it is on the medium when it ends.</param>
    /// <param name="random">Decides.</param>
    /// <param name="unit">How many sectors have one fate.</param>
    public void Discard(long offset, long length, bool durable, Seeded random, int unit)
    {
        long write = BeginWrite();
        Discarded? all = random.Below(2) == 0 ? Draw(ref random, Discarded.Garbage) : null;
        Span<byte> bytes = stackalloc byte[SectorSize];
        foreach ((long start, int part) in PartsWithMemory(offset, length))
        {
            Discarded one = default;
            for (long sector = start / SectorSize; sector < (start + part) / SectorSize; sector++)
            {
                if (sector == start / SectorSize || sector % unit == 0)
                    one = all ?? Draw(ref random, Discarded.Garbage);
                WrittenSector old = WrittenSector.Of(sector, write, CurrentOf(sector));
                Fill(bytes, one, CurrentOf(sector), old, ref random);
                Write(write, sector * SectorSize, bytes, durable);
                _discarded[sector] = old;
            }
        }
    }

    /// <summary>The power is gone: what is durable of a discarded unit may be something else when it is back, though it was flushed.</summary>
    private void ChangeDiscarded(ref Seeded random, int unit)
    {
        Span<byte> bytes = stackalloc byte[SectorSize];
        foreach (IGrouping<long, long> whole in _discarded.Keys.Order().GroupBy(sector => sector / unit).ToArray())
        {
            Discarded one = Draw(ref random, Discarded.Old);
            foreach (long sector in whole)
            {
                Span<byte> durable = BlockOf(sector * SectorSize).Durable.AsSpan((int)(sector % SectorsOfBlock) * SectorSize, SectorSize);
                Fill(bytes, one, durable, _discarded[sector], ref random);
                bytes.CopyTo(durable);
            }
        }
    }

    private static Discarded Draw(ref Seeded random, Discarded last) => (Discarded)random.Below((int)last + 1);

    private static void Fill(Span<byte> into, Discarded one, ReadOnlySpan<byte> present, in WrittenSector old, ref Seeded random)
    {
        switch (one)
        {
            case Discarded.AsItIs:
                present.CopyTo(into);
                break;
            case Discarded.Zeroes:
                into.Clear();
                break;
            case Discarded.Garbage:
                random.Fill(into);
                break;
            default:
                old.CopyTo(into);
                break;
        }
    }
}
