namespace DmIoUring.Cli.Stress;

/// <summary>
/// What every sector of a device may hold: one thing after a write that ended well, the old or the new after one that did not.
/// A read that finds one of them makes it the only one: a write that still lands after its request has ended is seen
/// by the next read.
/// </summary>
/// <remarks>Changed only by who has the block's claim; readers that narrow at the same time all write the same.</remarks>
internal sealed class ContentMap
{
    /// <summary>Content: all zeroes. Positive numbers are generations.</summary>
    public const long Zeroes = 0;

    private const int Places = 4;
    private const long Free = -1;

    /// <summary>The sector was discarded on a device that may answer differently each time.</summary>
    private const long Fickle = -2;

    private readonly long[] _possible;

    public ContentMap(LegShape shape)
    {
        _possible = GC.AllocateUninitializedArray<long>((int)(shape.Sectors * Places));
        Array.Fill(_possible, Free);
        SetOnly(0, shape.Sectors, Zeroes);
    }

    /// <summary>Whether an operation that may end half done has room for what it may leave.</summary>
    public bool HasRoom(long sector, int count)
    {
        for (long i = sector; i < sector + count; i++)
        {
            // Two: a discard adds zeroes and its mark.
            if (Of(i)[Places - 2] != Free)
                return false;
        }

        return true;
    }

    public void SetOnly(long sector, long count, long content)
    {
        for (long i = sector; i < sector + count; i++)
        {
            Span<long> possible = Of(i);
            possible.Fill(Free);
            possible[0] = content;
        }
    }

    public void Add(long sector, int count, long content)
    {
        for (long i = sector; i < sector + count; i++)
            Add(Of(i), content);
    }

    /// <summary>After a discard: zeroes or what was there, and on a foreign device not even the same each time.</summary>
    public void AddDiscarded(long sector, int count, bool fickle)
    {
        Add(sector, count, Zeroes);
        if (fickle)
            Add(sector, count, Fickle);
    }

    public bool MayHold(long sector, long content) => content >= Zeroes && Of(sector).Contains(content);

    /// <summary>It was seen.</summary>
    public void Narrow(long sector, long content)
    {
        Span<long> possible = Of(sector);
        if (possible[1] == Free || possible.Contains(Fickle))
            return;
        possible[0] = content;
        possible[1..].Fill(Free);
    }

    public long[] Possible(long sector) => [.. Of(sector).ToArray().Where(content => content >= Zeroes)];

    private static void Add(Span<long> possible, long content)
    {
        int free = possible.IndexOf(Free);
        if (!possible.Contains(content) && free >= 0)
            possible[free] = content;
    }

    private Span<long> Of(long sector) => _possible.AsSpan((int)sector * Places, Places);
}
