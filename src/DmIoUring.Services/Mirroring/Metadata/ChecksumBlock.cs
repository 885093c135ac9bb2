using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>
/// A block of checksums on a leg. 4,096 bytes, little-endian: magic "DMCS" (0), CRC-32C of the block (4), the mirror's id (8), the block's number (24), zeroes up to 64, then the
/// checksums of 1,008 blocks of data, four bytes each; 0: there is none.
/// </summary>
internal static class ChecksumBlock
{
    private const uint Magic = 0x53434D44;
    private const int ChecksumAt = 4;
    private const int MirrorAt = 8;
    private const int NumberAt = 24;
    private const int EntriesAt = 64;

    public const int Entries = (MirrorLayout.BlockBytes - EntriesAt) / sizeof(uint);

    public static void Write(Span<byte> block, Guid mirror, int number, ReadOnlySpan<uint> entries)
    {
        block.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(block, Magic);
        mirror.TryWriteBytes(block[MirrorAt..]);
        BinaryPrimitives.WriteInt32LittleEndian(block[NumberAt..], number);
        MemoryMarshal.AsBytes(entries).CopyTo(block[EntriesAt..]);
        Checksum.Seal(block, ChecksumAt);
    }

    /// <summary>Whether a block is what it should be; takes its checksums.</summary>
    public static bool TryRead(ReadOnlySpan<byte> block, Guid mirror, int number, Span<uint> entries)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(block) != Magic || !Checksum.IsSealed(block, ChecksumAt)
            || new Guid(block.Slice(MirrorAt, 16)) != mirror || BinaryPrimitives.ReadInt32LittleEndian(block[NumberAt..]) != number)
        {
            return false;
        }

        MemoryMarshal.Cast<byte, uint>(block[EntriesAt..])[..entries.Length].CopyTo(entries);
        return true;
    }
}
