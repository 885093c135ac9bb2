namespace DmIoUring.Cli.Stress;

/// <summary>Fills a write's buffer: every sector says where it goes, on all the legs that take it.</summary>
internal static class StampedBuffer
{
    public static void Fill(Span<byte> buffer, StressOperation operation, ulong seed)
    {
        StressRegion[] regions = operation.Regions;
        for (int i = 0; i < regions.Length; i++)
        {
            StressRegion region = regions[i];
            if (region.Count == 0 || IsMirrorOfAnother(regions, i))
                continue;
            int count = regions.Max(other => other.BufferSector == region.BufferSector ? other.Count : 0);
            for (int sector = 0; sector < count; sector++)
            {
                SectorStamp stamp = new(seed, region.Sector + sector, operation.Generation, Legs(regions, region.BufferSector, sector));
                stamp.Fill(buffer.Slice((region.BufferSector + sector) * IoRegion.SectorSize, IoRegion.SectorSize));
            }
        }
    }

    private static bool IsMirrorOfAnother(StressRegion[] regions, int index)
    {
        for (int i = 0; i < index; i++)
        {
            if (regions[i].BufferSector == regions[index].BufferSector && regions[i].Count > 0)
                return true;
        }

        return false;
    }

    private static ulong Legs(StressRegion[] regions, int bufferSector, int sector)
    {
        ulong legs = 0;
        foreach (StressRegion region in regions)
        {
            if (region.BufferSector == bufferSector && region.Count > sector)
                legs |= 1UL << region.Leg;
        }

        return legs;
    }
}
