using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace DmIoUring.Samples;

/// <summary>
/// A write-ahead log of one record a block, for any number of writers at once. A record that was acknowledged is there after a loss of power, and so is every one before it; of those that
/// were not, the first few may be. Each block has a checksum, so that a torn one is none.
/// </summary>
internal sealed class WriteAheadLog
{
    public const int BlockBytes = 4096;
    public const int MostBytes = BlockBytes - HeaderBytes;
    private const int BlockSectors = BlockBytes / 512;

    // Checksum of what follows, the record's number from 1 on, its length.
    private const int HeaderBytes = 24;

    private readonly DmIoClient _client;
    private readonly BlockDevice _device;
    private readonly Lock _lock = new();
    private long _next;
    private Task<bool> _last = Task.FromResult(true);

    private WriteAheadLog(DmIoClient client, BlockDevice device, long next)
    {
        _client = client;
        _device = device;
        _next = next;
    }

    /// <summary>Begins an empty log, whatever the device has.</summary>
    /// <exception cref="IOException">The device fails.</exception>
    public static async Task<WriteAheadLog> CreateAsync(DmIoClient client, BlockDevice device)
    {
        await WipeAsync(client, device, 0);
        return new WriteAheadLog(client, device, 0);
    }

    /// <summary>Recovers a log, and goes on behind its last record.</summary>
    /// <exception cref="IOException">The device fails.</exception>
    public static async Task<(WriteAheadLog Log, List<byte[]> Records)> OpenAsync(DmIoClient client, BlockDevice device)
    {
        List<byte[]> records = [];
        using IoMemory block = IoMemory.Allocate(BlockBytes);
        while (records.Count < device.Size / BlockBytes)
        {
            Check(await client.ReadAsync(PlaceOf(device, records.Count), block));
            if (RecordIn(block.GetSpan(), records.Count) is not { } record)
                break;
            records.Add(record);
        }

        // A record behind the first that is missing was never acknowledged. It must not follow what is written from now on.
        await WipeAsync(client, device, records.Count);
        return (new WriteAheadLog(client, device, records.Count), records);
    }

    /// <summary>Appends a record. Any thread.</summary>
    /// <param name="record">At most <see cref="MostBytes"/>.</param>
    /// <param name="block">A block of memory of the writer's own.</param>
    /// <returns>Whether it is durable, with all before it. When it is not, no later one will be: open the log anew.</returns>
    public async Task<bool> AppendAsync(ReadOnlyMemory<byte> record, IoMemory block)
    {
        TaskCompletionSource<bool> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long number;
        Task<bool> before;
        lock (_lock)
        {
            number = _next++;
            before = _last;
            _last = ended.Task;
        }

        bool isDurable = await WriteAsync(record, number, block);

        // Recovery ends at the first record that is missing, so this one counts for nothing without those before it.
        isDurable &= await before;
        ended.SetResult(isDurable);
        return isDurable;
    }

    private async Task<bool> WriteAsync(ReadOnlyMemory<byte> record, long number, IoMemory block)
    {
        if (number >= _device.Size / BlockBytes)
            return false;
        Fill(block.GetSpan(), record.Span, number);
        IoRegion place = PlaceOf(_device, number);

        // The flush covers writes that ended before it was submitted, so it is asked for after this one's end. One that is under way already does not
        // count; all that wait meanwhile share the next. After a failed flush all fail (BlockDevice.Doubt, docs/durability.md).
        return (await _client.WriteAsync(place, block)).IsSuccess && (await _client.FlushAsync(place)).IsSuccess;
    }

    /// <summary>Makes every block no record from a number on.</summary>
    private static async Task WipeAsync(DmIoClient client, BlockDevice device, long from)
    {
        using IoMemory block = IoMemory.Allocate(BlockBytes);
        for (long number = from; number < device.Size / BlockBytes; number++)
        {
            Check(await client.ReadAsync(PlaceOf(device, number), block));
            if (RecordIn(block.GetSpan(), number) is null)
                continue;
            block.GetSpan().Clear();
            Check(await client.WriteAsync(PlaceOf(device, number), block));
        }

        Check(await client.FlushAsync(new IoRegion(device, 0, 0)));
    }

    private static IoRegion PlaceOf(BlockDevice device, long number) => new(device, number * BlockSectors, BlockSectors);

    private static void Fill(Span<byte> block, ReadOnlySpan<byte> record, long number)
    {
        block.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(block[8..], number + 1);
        BinaryPrimitives.WriteInt64LittleEndian(block[16..], record.Length);
        record.CopyTo(block[HeaderBytes..]);
        BinaryPrimitives.WriteUInt64LittleEndian(block, Checksum(block));
    }

    /// <summary>The record in a block, if it is that of the number and whole.</summary>
    private static byte[]? RecordIn(ReadOnlySpan<byte> block, long number)
    {
        bool isWhole = BinaryPrimitives.ReadInt64LittleEndian(block[8..]) == number + 1 && BinaryPrimitives.ReadUInt64LittleEndian(block) == Checksum(block);
        return isWhole ? block.Slice(HeaderBytes, (int)BinaryPrimitives.ReadInt64LittleEndian(block[16..])).ToArray() : null;
    }

    private static uint Checksum(ReadOnlySpan<byte> block)
    {
        uint checksum = uint.MaxValue;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(block[8..]))
            checksum = BitOperations.Crc32C(checksum, word);
        return checksum;
    }

    private static void Check(IoResult result)
    {
        if (!result.IsSuccess)
            throw new IOException($"The log's device fails: {result.First}");
    }
}
