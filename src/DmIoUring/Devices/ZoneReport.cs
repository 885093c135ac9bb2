using DmIoUring.Interop;

namespace DmIoUring.Devices;

/// <summary>Reads a block device's zones, as far as they matter: which must be written in order.</summary>
internal static unsafe class ZoneReport
{
    private const int Zones = 64;

    /// <summary>The length of the device's zones in sectors; 0 for a device without zones, and for a kernel without zone support.</summary>
    public static long ZoneSectors(int descriptor)
    {
        uint sectors;
        return Libc.Ioctl(descriptor, BlockAbi.BLKGETZONESZ, &sectors) == 0 ? sectors : 0;
    }

    /// <summary>
    /// The first sector of the first zone that must be written in order (BLK_ZONE_TYPE_SEQWRITE_REQ), or <see cref="long.MaxValue"/> where
    /// there is none, as on a host-aware device. On a device that has both kinds, zones that may be written anywhere come first; later ones are treated
    /// like zones that must be written in order. 0 when the report fails.
    /// </summary>
    public static long SequentialFrom(int descriptor, long sectors)
    {
        byte* memory = stackalloc byte[sizeof(BlkZoneReport) + (Zones * sizeof(BlkZone))];
        BlkZoneReport* report = (BlkZoneReport*)memory;
        BlkZone* zones = (BlkZone*)(memory + sizeof(BlkZoneReport));
        for (ulong next = 0; next < (ulong)sectors;)
        {
            *report = new BlkZoneReport { sector = next, nr_zones = Zones };
            if (Libc.Ioctl(descriptor, BlockAbi.BLKREPORTZONE, report) < 0 || report->nr_zones == 0)
                return 0;
            for (uint i = 0; i < Math.Min(report->nr_zones, Zones); i++)
            {
                if (zones[i].type == BlockAbi.BLK_ZONE_TYPE_SEQWRITE_REQ)
                    return (long)zones[i].start;
                next = zones[i].start + zones[i].len;
            }
        }

        return long.MaxValue;
    }
}
