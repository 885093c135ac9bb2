using System.Globalization;

namespace DmIoUring;

/// <summary>What has not ended of a region.</summary>
/// <param name="Region">Its index in the request.</param>
/// <param name="Path">Its device.</param>
/// <param name="Sector">The first sector that has not ended.</param>
/// <param name="SectorsInKernel">
/// Sectors that the kernel has, or that wait to be given to it again; 0 while all there is in the kernel is a flush.
/// </param>
/// <param name="SectorsWaiting">Sectors that the kernel has not seen yet.</param>
public sealed record IoPendingRegion(int Region, string Path, long Sector, long SectorsInKernel, long SectorsWaiting)
{
    /// <summary>For a person.</summary>
    /// <returns>A part of a line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"region {Region} on {Path} from sector {Sector}, {SectorsInKernel} sectors in the kernel, {SectorsWaiting} waiting");
}
