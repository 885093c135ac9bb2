using System.Numerics;
using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services.Mirroring.Checksums;

/// <summary>CRC-32C of a block of data and, after it, its number in eight bytes: a block that a drive took from elsewhere, or wrote elsewhere, does not match. Never 0, which means that there is none.</summary>
internal static class BlockChecksum
{
    private static readonly uint Zeroes = Checksum.Add(uint.MaxValue, new byte[MirrorLayout.BlockBytes]);

    public static uint Of(ReadOnlySpan<byte> data, int block) => End(Checksum.Add(uint.MaxValue, data), block);

    public static uint OfZeroes(int block) => End(Zeroes, block);

    private static uint End(uint crc, int block)
    {
        uint checksum = ~BitOperations.Crc32C(crc, (ulong)block);
        return checksum == 0 ? 1 : checksum;
    }
}
