namespace DmIoUring.Memory;

/// <summary>The sizes of the mappings by which the pool grows.</summary>
/// <remarks>
/// <para>A pool that grows page by page must not run out of <see cref="PagePool.MaxExtents"/>. Each growth is at least an
/// eighth of what there is, so whichever extents are left after any growing and shrinking, each is at least an eighth of
/// all the older ones together: k of them are at least 16 pages x 1.125^(k-1). 8 GiB is reached with some 100
/// extents; beyond it every extent is at least 512 MiB, because a growth of over 1 GiB is split evenly. So the limit
/// is never reached below 450 GiB, and below 1 TiB not by a pool that is reserved at once.</para>
/// <para>A pool that is reserved at once gets exactly what was asked for, or up to a sixteenth more where that makes whole huge pages.</para>
/// </remarks>
internal static class ExtentSizing
{
    public const int MinPages = 16;
    public const int MaxPages = 1 << 18;
    public const int HugePage = 512;

    /// <summary>The sizes in pages of the extents to map.</summary>
    /// <param name="shortage">Pages that are missing, at least 1.</param>
    /// <param name="capacity">Pages that there are.</param>
    public static int[] Plan(long shortage, long capacity)
    {
        long pages = Math.Max(Math.Max(shortage, capacity / 8), MinPages);
        long whole = RoundUp(pages);
        if (pages >= HugePage && whole - pages <= pages / 16)
            pages = whole;

        // Distributed in units of huge pages; the last extent is shorter by the unused part of the last huge page.
        long units = RoundUp(pages) / HugePage;
        long count = (pages + MaxPages - 1) / MaxPages;
        int[] sizes = new int[count];
        for (int i = 0; i < count; i++)
            sizes[i] = (int)((units / count) + (i < units % count ? 1 : 0)) * HugePage;
        sizes[^1] -= (int)((units * HugePage) - pages);
        return sizes;
    }

    private static long RoundUp(long pages) => (pages + HugePage - 1) / HugePage * HugePage;
}
