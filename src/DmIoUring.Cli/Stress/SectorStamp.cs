using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace DmIoUring.Cli.Stress;

/// <summary>
/// What a sector of 512 bytes says of itself: which run wrote it, where it belongs, by which write, on which legs. Every
/// other byte follows from that, so that each can be checked.
/// </summary>
internal readonly record struct SectorStamp(ulong Seed, long Sector, long Generation, ulong Legs)
{
    private const ulong Magic = 0x5352_5453_4F49_4D44; // "DMIOSTRS" in memory
    private const int ChecksumAt = 40;
    private const int BodyAt = 48;

    public void Fill(Span<byte> sector)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(sector);
        words[0] = Magic;
        words[1] = Seed;
        words[2] = (ulong)Sector;
        words[3] = (ulong)Generation;
        words[4] = Legs;
        SeededSequence body = new(Seed ^ (ulong)Sector ^ (ulong)Generation << 20 ^ Legs << 56);
        for (int i = BodyAt / sizeof(ulong); i < words.Length; i++)
            words[i] = body.Next();
        words[ChecksumAt / sizeof(ulong)] = Checksum(sector);
    }

    public bool Matches(ReadOnlySpan<byte> sector)
    {
        Span<byte> expected = stackalloc byte[IoRegion.SectorSize];
        Fill(expected);
        return sector.SequenceEqual(expected);
    }

    /// <summary>What the header says, whether or not the rest goes with it; false when it has none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> sector, out SectorStamp stamp)
    {
        stamp = new SectorStamp(Word(sector, 1), (long)Word(sector, 2), (long)Word(sector, 3), Word(sector, 4));
        return Word(sector, 0) == Magic;
    }

    /// <summary>The checksum alone tells a whole sector in the wrong place from a damaged one.</summary>
    public static bool HasRightChecksum(ReadOnlySpan<byte> sector) => Word(sector, ChecksumAt / sizeof(ulong)) == Checksum(sector);

    private static ulong Word(ReadOnlySpan<byte> sector, int index) =>
        BinaryPrimitives.ReadUInt64LittleEndian(sector[(index * sizeof(ulong))..]);

    private static ulong Checksum(ReadOnlySpan<byte> sector) =>
        XxHash3.HashToUInt64(sector[..ChecksumAt]) ^ XxHash3.HashToUInt64(sector[BodyAt..]);
}
