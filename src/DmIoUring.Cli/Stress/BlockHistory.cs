using System.Globalization;

namespace DmIoUring.Cli.Stress;

/// <summary>
/// The last operations on every 4,096 bytes of a device, for the evidence. Those that change it have places of their own: reads
/// would crowd them out.
/// </summary>
internal sealed class BlockHistory(LegShape shape)
{
    private const int Changes = 6;
    private const int Reads = 4;
    private const int Depth = Changes + Reads;
    private const int BlockSectors = 8;

    private readonly HistoryEntry[] _entries = new HistoryEntry[Blocks(shape) * Depth];
    private readonly int[] _changes = new int[Blocks(shape)];
    private readonly int[] _reads = new int[Blocks(shape)];

    public void Add(in HistoryEntry entry)
    {
        int end = (entry.Sector + entry.Count + BlockSectors - 1) / BlockSectors;
        for (int block = entry.Sector / BlockSectors; block < end; block++)
        {
            // Readers share a block.
            int place = entry.Kind == OperationKind.Read
                ? Changes + (int)((uint)Interlocked.Increment(ref _reads[block]) % Reads)
                : (int)((uint)Interlocked.Increment(ref _changes[block]) % Changes);
            _entries[(block * Depth) + place] = entry;
        }
    }

    /// <summary>What was done where a sector lies, the oldest first; for one past the device's end, what was done last before it.</summary>
    public IReadOnlyList<string> Describe(long sector)
    {
        // A device that turned out to have no sectors is a finding like any other, and has no history.
        if (_changes.Length == 0)
            return [];
        int block = (int)Math.Clamp(sector / BlockSectors, 0, _changes.Length - 1);
        return [.. _entries.AsSpan(block * Depth, Depth).ToArray()
            .Where(entry => entry.Generation != 0)
            .OrderBy(entry => entry.EndMilliseconds)
            .Select(Describe)];
    }

    private static long Blocks(LegShape shape) => (shape.Sectors + BlockSectors - 1) / BlockSectors;

    private static string Describe(HistoryEntry entry)
    {
        string end = entry.Errno == 0 ? "ok" : Interop.Errno.Name(entry.Errno);
        return string.Create(CultureInfo.InvariantCulture,
            $"{entry.StartMilliseconds / 1000.0:0.000}-{entry.EndMilliseconds / 1000.0:0.000} s {entry.Kind} {Generation.Name(entry.Generation)}, sectors {entry.Sector}+{entry.Count}: {end}");
    }
}
