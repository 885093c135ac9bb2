using System.Globalization;
using System.Text;

namespace DmIoUring.Cli.Stress;

/// <summary>Puts together what can be said of a sector that holds what it can't hold.</summary>
internal static class EvidenceOfBytes
{
    private const int LineBytes = 16;

    public static Finding Collect(StressRun run, StressLeg leg, ReadOnlySpan<byte> found, long sector, string operation)
    {
        Span<byte> expected = stackalloc byte[IoRegion.SectorSize];
        run.Check.Expect(leg, found, sector, expected);
        int first = found.CommonPrefixLength(expected);
        bool isRightByNow = first == IoRegion.SectorSize;
        first = isRightByNow ? 0 : first;
        string[] possible = [.. leg.Contents.Possible(sector).Select(content => content == ContentMap.Zeroes ? "zeroes" : "generation " + Generation.Name(content))];
        string what = run.Check.Describe(found, sector);
        if (isRightByNow)
            what += ", right by now: the memory changed after the request had ended";
        return new Finding
        {
            Kind = FindingKind.WrongBytes,
            Message = string.Create(CultureInfo.InvariantCulture,
                $"{leg.Path} sector {sector}, byte {first}: expected {string.Join(" or ", possible)}, found {what}"),
            Path = leg.Path,
            Sector = sector,
            ByteInSector = first,
            Expected = possible,
            Found = what,
            ExpectedBytes = Lines(expected, first),
            FoundBytes = Lines(found, first),
            ReadAgain = ReadAgain(run, leg, found, sector),
            Operation = operation,
            History = leg.History.Describe(sector),
        };
    }

    /// <summary>Past the ring and its memory: one pread through a client of its own.</summary>
    private static string ReadAgain(StressRun run, StressLeg leg, ReadOnlySpan<byte> found, long sector)
    {
        int block = leg.Shape.BlockSectors;
        long start = sector / block * block;
        using IoMemory memory = IoMemory.Allocate(block * IoRegion.SectorSize);
        using DmIoClient client = new();
        IoResult result = client.Read(new IoRegion(leg.Device, start, block), memory);
        if (!result.IsSuccess)
            return $"failed: {result.First}";
        Span<byte> again = memory.GetSpan().Slice((int)(sector - start) * IoRegion.SectorSize, IoRegion.SectorSize);
        return again.SequenceEqual(found) ? "the same: it is on the device" : "something else: " + run.Check.Describe(again, sector);
    }

    /// <summary>The line with the first wrong byte and the one after it.</summary>
    private static string Lines(ReadOnlySpan<byte> sector, int first)
    {
        StringBuilder text = new();
        int line = first / LineBytes * LineBytes;
        for (int at = line; at < Math.Min(line + 2 * LineBytes, sector.Length); at += LineBytes)
            text.Append(CultureInfo.InvariantCulture, $"{(at == line ? "" : " | ")}{at:x3}: {Convert.ToHexStringLower(sector.Slice(at, LineBytes))}");
        return text.ToString();
    }
}
