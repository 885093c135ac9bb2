using System.Runtime.InteropServices;

namespace DmIoUring.Cli.Demo;

/// <summary>Bytes that are different in every sector, so that one in the wrong place is seen.</summary>
internal static class TestPattern
{
    public static void Fill(Span<byte> bytes, long firstSector)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        ulong state = (ulong)firstSector * (IoRegion.SectorSize / sizeof(ulong));
        for (int index = 0; index < words.Length; index++)
        {
            // From SplitMix64: cheap, and no word repeats another.
            ulong value = ++state * 0x9E3779B97F4A7C15;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            words[index] = value ^ (value >> 31);
        }
    }
}
