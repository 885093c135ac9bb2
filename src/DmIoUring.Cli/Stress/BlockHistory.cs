using System.Globalization;

namespace DmIoUring.Cli.Stress;

/// <summary>The last operations on every 4,096 bytes of a device, for the evidence.</summary>
internal sealed class BlockHistory(LegShape shape)
{
    private const int Depth = 8;
    private const int BlockSectors = 8;

    private readonly HistoryEntry[] _entries = new HistoryEntry[((shape.Sectors + BlockSectors - 1) / BlockSectors) * Depth];
    private readonly int[] _counts = new int[(shape.Sectors + BlockSectors - 1) / BlockSectors];

    public void Add(in HistoryEntry entry)
    {
        int end = (entry.Sector + entry.Count + BlockSectors - 1) / BlockSectors;
        for (int block = entry.Sector / BlockSectors; block < end; block++)
        {
            // Readers share a block.
            uint count = (uint)Interlocked.Increment(ref _counts[block]);
            _entries[(block * Depth) + (int)(count % Depth)] = entry;
        }
    }

    /// <summary>The oldest first.</summary>
    public IReadOnlyList<string> Describe(long sector)
    {
        int block = (int)(sector / BlockSectors);
        return [.. _entries.AsSpan(block * Depth, Depth).ToArray()
            .Where(entry => entry.Generation != 0)
            .OrderBy(entry => entry.EndMilliseconds)
            .Select(Describe)];
    }

    private static string Describe(HistoryEntry entry)
    {
        string end = entry.Errno == 0 ? "ok" : Interop.Errno.Name(entry.Errno);
        return string.Create(CultureInfo.InvariantCulture,
            $"{entry.StartMilliseconds / 1000.0:0.000}-{entry.EndMilliseconds / 1000.0:0.000} s {entry.Kind} {Generation.Name(entry.Generation)}, sectors {entry.Sector}+{entry.Count}: {end}");
    }
}
