using DmIoUring.Devices;

namespace DmIoUring;

/// <summary>
/// Where an I/O goes: <paramref name="Count"/> sectors of <paramref name="Device"/> from
/// <paramref name="Sector"/> on. dm-io's <c>struct io_region</c>.
/// </summary>
/// <param name="Device">The block device or regular file.</param>
/// <param name="Sector">The first sector, in units of 512 bytes whatever the device's logical block is.</param>
/// <param name="Count">How many sectors of 512 bytes; 0 skips the region, and its bit index still counts.</param>
/// <param name="BufferOffset">
/// Where in the request's buffer this region's part begins, in bytes. By default every region takes the buffer from its
/// beginning, as in a mirror; with offsets one request stripes, or mixes both.
/// </param>
/// <remarks>
/// A region that does not start and end on the device's logical blocks is reported as <see cref="IoResult.Unsupported"/>, one that goes
/// beyond the device's end as <see cref="IoResult.Failed"/>; neither is issued, and neither stops the other regions of its request.
/// </remarks>
public readonly record struct IoRegion(BlockDevice Device, long Sector, long Count, long BufferOffset = 0)
{
    /// <summary>Bytes in a sector: the unit of <see cref="Sector"/> and <see cref="Count"/>.</summary>
    public const int SectorSize = DeviceGeometry.SectorSize;

    /// <summary>The most regions that one write may name.</summary>
    public const int MaxRegions = 64;

    /// <summary>The whole of a device.</summary>
    /// <param name="device">The device.</param>
    /// <returns>The region from sector 0 to the device's end.</returns>
    public static IoRegion Whole(BlockDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new IoRegion(device, 0, device.SectorCount);
    }

    /// <summary>Human-readable: <c>/dev/sdb sectors 2048+8</c>.</summary>
    /// <returns>The device's path, the first sector and the count.</returns>
    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{Device?.Path ?? "(no device)"} sectors {Sector}+{Count}");
}
