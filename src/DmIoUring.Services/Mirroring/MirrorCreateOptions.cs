using System.Globalization;
using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services;

/// <summary>What a new mirror is like: see <see cref="MirrorDevice.CreateAsync"/>.</summary>
public sealed record MirrorCreateOptions
{
    /// <summary>The smallest <see cref="RegionSectors"/> that can be set: 64 KiB.</summary>
    public const long MinRegionSectors = 128;

    /// <summary>The largest <see cref="RegionSectors"/>: 1 GiB.</summary>
    public const long MaxRegionSectors = 1L << 21;

    /// <summary>The most sectors of 512 bytes of a mirror with <see cref="Checksums"/>: 4 TiB, of which the checksums take 4 GiB of memory.</summary>
    public const long MaxChecksummedSectors = 1L << 33;

    /// <summary>The most regions where the size of a region is not given.</summary>
    private const long MostRegions = 1L << 17;

    /// <summary>
    /// Sectors of 512 bytes of the mirror, a multiple of 8; 0: what fits on the smallest leg. A leg needs room behind them for the metadata, 12 KiB and more.
    /// </summary>
    public long Sectors { get; init; }

    /// <summary>
    /// Sectors of 512 bytes of a region: what is copied after a crash for a write that was in flight. A power of two, <see cref="MinRegionSectors"/> to <see cref="MaxRegionSectors"/>; 0: 2,048 (1 MiB), or more
    /// where the mirror is larger than 128 GiB. Smaller regions are copied faster, larger ones cost fewer writes of the log.
    /// </summary>
    public long RegionSectors { get; init; }

    /// <summary>
    /// Whether the legs are equal already, or what is on them does not matter because it will all be written before it is read. Otherwise leg 0 is in sync and the others need a
    /// full resync.
    /// </summary>
    public bool AssumeEqual { get; init; }

    /// <summary>Whether a device that belongs to a mirror already may be used.</summary>
    public bool Overwrite { get; init; }

    /// <summary>
    /// Whether the log and the legs' states are kept in memory only, and nothing is written to the legs but their data. Such a mirror can't be opened again: after its process has ended,
    /// which legs have everything is known to nobody. It is created each time anew, with a leg 0 that is right.
    /// </summary>
    public bool LogInMemory { get; init; }

    /// <summary>
    /// Whether every block of 4,096 bytes has a checksum, on the legs beside the log: a leg that returns wrong data without an error is found when it is read, another leg has the right data, and the
    /// block is written again. Requests must be multiples of 4,096 bytes then. The checksums take a thousandth of each leg, and as much memory while the mirror is open: at most <see cref="MaxChecksummedSectors"/>.
    /// </summary>
    public bool Checksums { get; init; }

    /// <summary>How large a device must be to be a leg of a mirror.</summary>
    /// <param name="sectors">Sectors of 512 bytes of the mirror.</param>
    /// <returns>Sectors of 512 bytes: those and the metadata, with <see cref="RegionSectors"/> as it is.</returns>
    public long LegSectorsFor(long sectors)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sectors);
        long needed = sectors + new MirrorLayout(sectors, RegionSectorsFor(sectors), Checksums, LogInMemory).MetadataSectors;
        return (needed + MirrorLayout.BlockSectors - 1) / MirrorLayout.BlockSectors * MirrorLayout.BlockSectors;
    }

    internal long RegionSectorsFor(long sectors)
    {
        if (RegionSectors != 0)
            return RegionSectors;
        long region = 2048;
        while (sectors / region > MostRegions && region < MaxRegionSectors)
            region *= 2;
        return region;
    }

    internal void Validate(string parameter)
    {
        if (Sectors < 0 || Sectors % 8 != 0)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Sectors {Sectors} is not 0 or a positive multiple of 8."), parameter);
        if (RegionSectors != 0 && (RegionSectors < MinRegionSectors || RegionSectors > MaxRegionSectors || !long.IsPow2(RegionSectors)))
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"RegionSectors {RegionSectors} is not 0, nor a power of two from {MinRegionSectors} to {MaxRegionSectors}."), parameter);
        }
    }
}
