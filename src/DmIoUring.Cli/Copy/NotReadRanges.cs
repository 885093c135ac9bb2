using DmIoUring.Services;

namespace DmIoUring.Cli.Copy;

/// <summary>What could not be read of the source, ascending.</summary>
internal sealed class NotReadRanges(IReadOnlyList<CopyRange> ranges)
{
    /// <summary>Splits a part of the source into what was read and what was not, in order.</summary>
    public IEnumerable<(long Sector, long Count, bool WasRead)> Split(long sector, long count)
    {
        long end = sector + count;
        for (int index = FirstThatEndsAfter(sector); index < ranges.Count && ranges[index].Sector < end; index++)
        {
            (long from, long length) = ranges[index];
            if (from > sector)
                yield return (sector, from - sector, true);
            long start = Math.Max(from, sector);
            sector = Math.Min(from + length, end);
            yield return (start, sector - start, false);
        }

        if (sector < end)
            yield return (sector, end - sector, true);
    }

    private int FirstThatEndsAfter(long sector)
    {
        int low = 0;
        for (int high = ranges.Count; low < high;)
        {
            int middle = low + (high - low) / 2;
            if (ranges[middle].Sector + ranges[middle].Count <= sector)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
