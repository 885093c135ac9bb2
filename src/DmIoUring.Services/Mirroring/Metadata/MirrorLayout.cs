namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>
/// Where things are on a leg. The data begins at sector 0, so that each leg alone can be used as it is; the metadata is at the leg's end: the blocks of checksums, if it has any, the blocks of
/// the log, then two superblocks, which are written in turn.
/// </summary>
/// <param name="Sectors">Sectors of data.</param>
/// <param name="RegionSectors">Sectors of a region, a power of two; the last region may be shorter.</param>
/// <param name="HasChecksums">Whether every block of the data has a checksum.</param>
/// <param name="IsInMemory">Whether there is no metadata on the legs.</param>
internal readonly record struct MirrorLayout(long Sectors, long RegionSectors, bool HasChecksums, bool IsInMemory = false)
{
    public const int BlockBytes = 4096;
    public const long BlockSectors = BlockBytes / IoRegion.SectorSize;

    /// <summary>Each takes 12 bytes of memory, and a bit of the log.</summary>
    public const int MaxRegions = 1 << 24;

    /// <summary>The superblocks of a leg.</summary>
    public const int Superblocks = 2;

    public int Regions => (int)((Sectors + RegionSectors - 1) / RegionSectors);

    /// <summary>Blocks of the log.</summary>
    public int LogBlocks => (Regions + LogBlock.RegionsPerBlock - 1) / LogBlock.RegionsPerBlock;

    /// <summary>Blocks of the data that have a checksum each.</summary>
    public int DataBlocks => HasChecksums ? (int)(Sectors / BlockSectors) : 0;

    /// <summary>Blocks of checksums.</summary>
    public int ChecksumBlocks => (int)(((HasChecksums ? Sectors / BlockSectors : 0) + ChecksumBlock.Entries - 1) / ChecksumBlock.Entries);

    /// <summary>Sectors that the metadata takes at a leg's end.</summary>
    public long MetadataSectors => IsInMemory ? 0 : (ChecksumBlocks + LogBlocks + Superblocks) * BlockSectors;

    /// <summary>Where a leg's superblock is; they stand at a place that depends on nothing but the leg's size.</summary>
    public static long SuperblockSector(long legSectors, int slot) => RoundDown(legSectors) - (Superblocks - slot) * BlockSectors;

    /// <summary>Where a block of the log is.</summary>
    public long LogSector(long legSectors, int block) => SuperblockSector(legSectors, 0) - (LogBlocks - block) * BlockSectors;

    /// <summary>Where a block of checksums is.</summary>
    public long ChecksumSector(long legSectors, int block) => LogSector(legSectors, 0) - (ChecksumBlocks - block) * BlockSectors;

    /// <summary>Whether a leg is large enough.</summary>
    public bool FitsOn(long legSectors) => RoundDown(legSectors) - MetadataSectors >= Sectors;

    public int RegionOf(long sector) => (int)(sector / RegionSectors);

    public (long Sector, long Count) Region(int region)
    {
        long sector = region * RegionSectors;
        return (sector, Math.Min(RegionSectors, Sectors - sector));
    }

    /// <summary>The largest mirror that a leg has room for.</summary>
    public static long LargestOn(long legSectors, MirrorCreateOptions create)
    {
        long sectors = RoundDown(legSectors);
        if (create.LogInMemory)
            return sectors;

        // The metadata grows with the mirror: what is left beside that of a mirror as large as the leg is enough for that of what is left.
        MirrorLayout whole = new(Math.Max(sectors, 1), create.RegionSectorsFor(Math.Max(sectors, 1)), create.Checksums);
        return sectors - whole.MetadataSectors;
    }

    private static long RoundDown(long sectors) => sectors / BlockSectors * BlockSectors;
}
