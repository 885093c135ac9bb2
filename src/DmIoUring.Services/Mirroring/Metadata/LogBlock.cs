using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>
/// A block of the log on a leg: a bit for each region that may differ between the legs. 4,096 bytes, little-endian: magic "DMLG" (0), CRC-32C of the block (4), the mirror's
/// id (8), the block's number (24), zeroes up to 64, then the bits, the lowest region first.
/// </summary>
/// <remarks>A block that was torn by a loss of power has a wrong checksum, and all of its regions count as written. So one copy of it is enough.</remarks>
internal static class LogBlock
{
    private const uint Magic = 0x474C4D44;
    private const int ChecksumAt = 4;
    private const int MirrorAt = 8;
    private const int NumberAt = 24;
    private const int BitsAt = 64;

    public const int RegionsPerBlock = (MirrorLayout.BlockBytes - BitsAt) * 8;
    public const int WordsPerBlock = RegionsPerBlock / 64;

    public static void Write(Span<byte> block, Guid mirror, int number, ReadOnlySpan<ulong> bits)
    {
        block.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(block, Magic);
        mirror.TryWriteBytes(block[MirrorAt..]);
        BinaryPrimitives.WriteInt32LittleEndian(block[NumberAt..], number);
        MemoryMarshal.AsBytes(bits).CopyTo(block[BitsAt..]);
        Checksum.Seal(block, ChecksumAt);
    }

    /// <summary>The bits in a block that <see cref="Write"/> has made.</summary>
    public static ReadOnlySpan<ulong> Bits(ReadOnlySpan<byte> block) => MemoryMarshal.Cast<byte, ulong>(block[BitsAt..]);

    /// <summary>Whether a block is what it should be; adds its bits.</summary>
    public static bool TryAdd(ReadOnlySpan<byte> block, Guid mirror, int number, Span<ulong> bits)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(block) != Magic || !Checksum.IsSealed(block, ChecksumAt)
            || new Guid(block.Slice(MirrorAt, 16)) != mirror || BinaryPrimitives.ReadInt32LittleEndian(block[NumberAt..]) != number)
        {
            return false;
        }

        ReadOnlySpan<ulong> words = Bits(block);
        for (int i = 0; i < bits.Length; i++)
            bits[i] |= words[i];
        return true;
    }
}
