using System.Buffers.Binary;

namespace DmIoUring.Writer;

/// <summary>A record that tells whole from torn: its number, its place, a filling that follows from both, and a checksum.</summary>
public static class DurableRecord
{
    /// <summary>Bytes; a record takes one slot.</summary>
    public const int Size = 8192;

    /// <summary>Sectors of a slot.</summary>
    public const int Sectors = Size / 512;

    private const int Header = 24;
    private const ulong Magic = 0x44524F4345524D44;

    /// <summary>Makes a record.</summary>
    /// <param name="record">Where.</param>
    /// <param name="number">Its number in the sequence, from 1 on.</param>
    /// <param name="slot">Its slot.</param>
    public static void Fill(Span<byte> record, ulong number, int slot)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(record, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], number);
        BinaryPrimitives.WriteInt32LittleEndian(record[16..], slot);
        ulong word = number * 0x9E3779B97F4A7C15;
        for (int at = Header; at < record.Length; at += 8)
            BinaryPrimitives.WriteUInt64LittleEndian(record[at..], word += 0xD1B54A32D192ED03);
        BinaryPrimitives.WriteUInt32LittleEndian(record[20..], Checksum(record));
    }

    /// <summary>Reads a record.</summary>
    /// <param name="record">Its bytes.</param>
    /// <param name="slot">The slot that it was found in.</param>
    /// <returns>Its number; <see langword="null"/> when it is torn, foreign, or was never written.</returns>
    public static ulong? NumberOf(ReadOnlySpan<byte> record, int slot)
    {
        bool whole = BinaryPrimitives.ReadUInt64LittleEndian(record) == Magic
            && BinaryPrimitives.ReadInt32LittleEndian(record[16..]) == slot
            && BinaryPrimitives.ReadUInt32LittleEndian(record[20..]) == Checksum(record);
        return whole ? BinaryPrimitives.ReadUInt64LittleEndian(record[8..]) : null;
    }

    /// <summary>FNV-1a over everything but the checksum itself.</summary>
    private static uint Checksum(ReadOnlySpan<byte> record)
    {
        uint hash = 2166136261;
        for (int at = 0; at < record.Length; at += 4)
        {
            if (at != 20)
                hash = (hash ^ BinaryPrimitives.ReadUInt32LittleEndian(record[at..])) * 16777619;
        }

        return hash;
    }
}
