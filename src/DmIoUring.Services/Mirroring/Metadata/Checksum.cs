using System.Buffers.Binary;
using System.Numerics;

namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>CRC-32C of a block in which the checksum's own four bytes count as zero.</summary>
internal static class Checksum
{
    /// <summary>Puts a block's checksum into it.</summary>
    public static void Seal(Span<byte> block, int at) => BinaryPrimitives.WriteUInt32LittleEndian(block[at..], Of(block, at));

    /// <summary>Whether a block has the checksum that is in it.</summary>
    public static bool IsSealed(ReadOnlySpan<byte> block, int at) => BinaryPrimitives.ReadUInt32LittleEndian(block[at..]) == Of(block, at);

    private static uint Of(ReadOnlySpan<byte> block, int at)
    {
        uint crc = Add(uint.MaxValue, block[..at]);
        crc = BitOperations.Crc32C(crc, 0u);
        return ~Add(crc, block[(at + sizeof(uint))..]);
    }

    public static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return crc;
    }
}
