using System.Buffers.Binary;
using System.Text;

namespace DmIoUring.KernelTests;

/// <summary>
/// The log of dm-log-writes (drivers/md/dm-log-writes.c): a block with the magic number, the version, the number of entries and the size of a block;
/// then for each entry a block that describes it, and its data. An entry stands in it when it is durable: plain writes come
/// only with the flush that covers them.
/// </summary>
internal static class WriteLog
{
    private const ulong Magic = 0x6a736677736872;

    public static List<LogEntry> Read(ReadOnlySpan<byte> log)
    {
        Assert.Equal(Magic, BinaryPrimitives.ReadUInt64LittleEndian(log));
        Assert.Equal(1ul, BinaryPrimitives.ReadUInt64LittleEndian(log[8..]));
        long entries = BinaryPrimitives.ReadInt64LittleEndian(log[16..]);
        int block = BinaryPrimitives.ReadInt32LittleEndian(log[24..]);
        List<LogEntry> list = [];
        int at = block;
        for (long i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> head = log.Slice(at, block);
            long sector = BinaryPrimitives.ReadInt64LittleEndian(head);
            long blocks = BinaryPrimitives.ReadInt64LittleEndian(head[8..]);
            LogFlags flags = (LogFlags)BinaryPrimitives.ReadInt64LittleEndian(head[16..]);
            int nameLength = (int)BinaryPrimitives.ReadInt64LittleEndian(head[24..]);
            at += block;
            int bytes = flags.HasFlag(LogFlags.Discard) ? 0 : checked((int)(blocks * block));
            byte[] data = flags.HasFlag(LogFlags.Mark) ? head.Slice(32, nameLength).ToArray() : log.Slice(at, bytes).ToArray();
            list.Add(new LogEntry(sector * block / 512, blocks * block / 512, flags, data));
            at += bytes;
        }

        return list;
    }

    /// <summary>Where the mark stands.</summary>
    public static int IndexOf(this List<LogEntry> log, string mark)
    {
        int index = log.FindIndex(entry => entry.Flags.HasFlag(LogFlags.Mark) && string.Equals(Encoding.ASCII.GetString(entry.Data).TrimEnd('\0'), mark, StringComparison.Ordinal));
        Assert.True(index >= 0, $"The log has no mark {mark}.");
        return index;
    }

    /// <summary>Does to an image what the entries did.</summary>
    public static void Replay(IEnumerable<LogEntry> entries, byte[] image)
    {
        foreach (LogEntry entry in entries.Where(static entry => (entry.Flags & (LogFlags.Mark | LogFlags.Discard)) == 0))
            entry.Data.CopyTo(image.AsSpan((int)entry.Sector * 512));
    }
}
