namespace DmIoUring.Cli.Stress;

/// <summary>Compares what was read of a leg with what it may hold.</summary>
internal sealed class SectorCheck(ulong seed)
{
    /// <summary>Checks sectors; those that are right are known for certain from then on.</summary>
    /// <param name="leg">The device; its blocks are claimed.</param>
    /// <param name="bytes">What was read.</param>
    /// <param name="firstSector">From where.</param>
    /// <param name="mayBeZeroes">Whether zeroes may stand for what could not be read.</param>
    /// <returns>The first wrong sector, counted from the first, or -1.</returns>
    public int FirstWrong(StressLeg leg, ReadOnlySpan<byte> bytes, long firstSector, bool mayBeZeroes)
    {
        int count = bytes.Length / IoRegion.SectorSize;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> sector = bytes.Slice(i * IoRegion.SectorSize, IoRegion.SectorSize);
            if (!IsRight(leg, sector, firstSector + i, mayBeZeroes))
                return i;
        }

        return -1;
    }

    /// <summary>What a sector seems to be, for a person.</summary>
    public string Describe(ReadOnlySpan<byte> sector, long place)
    {
        if (!sector.ContainsAnyExcept((byte)0))
            return "zeroes";
        if (!SectorStamp.TryRead(sector, out SectorStamp stamp))
            return "nothing that this command writes";
        string damage = SectorStamp.HasRightChecksum(sector) ? "" : ", damaged: its checksum is wrong";
        if (stamp.Seed != seed)
            return FormattableString.Invariant($"a sector of another run, with seed {stamp.Seed}{damage}");
        string where = stamp.Sector == place ? "" : FormattableString.Invariant($", which belongs to sector {stamp.Sector}");
        return FormattableString.Invariant($"generation {Generation.Name(stamp.Generation)} for legs 0b{stamp.Legs:b}{where}{damage}");
    }

    /// <summary>The bytes that the sector should have: those of the generation that it claims if it may have that one.</summary>
    public void Expect(StressLeg leg, ReadOnlySpan<byte> found, long sector, Span<byte> expected)
    {
        long[] possible = leg.Contents.Possible(sector);
        SectorStamp.TryRead(found, out SectorStamp stamp);
        long content = possible.Contains(stamp.Generation) ? stamp.Generation : possible[^1];
        expected.Clear();
        if (content == ContentMap.Zeroes)
            return;

        // The legs of a write are in its header and nowhere else.
        bool isForThisLeg = stamp.Generation == content && (stamp.Legs >> leg.Index & 1) != 0;
        ulong legs = isForThisLeg ? stamp.Legs : 1UL << leg.Index;
        new SectorStamp(seed, sector, content, legs).Fill(expected);
    }

    private bool IsRight(StressLeg leg, ReadOnlySpan<byte> sector, long place, bool mayBeZeroes)
    {
        if (SectorStamp.TryRead(sector, out SectorStamp stamp))
        {
            if (stamp.Seed != seed || stamp.Sector != place || stamp.Generation <= ContentMap.Zeroes
                || (stamp.Legs >> leg.Index & 1) == 0 || !leg.Contents.MayHold(place, stamp.Generation) || !stamp.Matches(sector))
            {
                return false;
            }

            leg.Contents.Narrow(place, stamp.Generation);
            return true;
        }

        if (sector.ContainsAnyExcept((byte)0))
            return false;
        if (mayBeZeroes)
            return true;
        if (!leg.Contents.MayHold(place, ContentMap.Zeroes))
            return false;
        leg.Contents.Narrow(place, ContentMap.Zeroes);
        return true;
    }
}
