namespace DmIoUring.Cli.Copy;

/// <summary>Sectors of 512 bytes.</summary>
/// <param name="Sector">The first.</param>
/// <param name="Count">How many.</param>
internal sealed record SectorRange(long Sector, long Count)
{
    /// <summary>Adds a range that lies behind all others; neighbours become one.</summary>
    public static void Append(List<SectorRange> ranges, long sector, long count)
    {
        if (ranges.Count > 0 && ranges[^1] is { } last && last.Sector + last.Count == sector)
            ranges[^1] = last with { Count = last.Count + count };
        else
            ranges.Add(new SectorRange(sector, count));
    }
}
