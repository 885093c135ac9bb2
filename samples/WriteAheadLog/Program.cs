// A write-ahead log with group commit: many writers append a block each and wait until it is on the medium; writers that wait share one flush of the device.
//
//     sample-write-ahead-log FILE [WRITERS [RECORDS-EACH]]       FILE is made where there is none, and OVERWRITTEN
//
// A log in earnest has a checksum and the number of its run in each record, so that recovery can tell a torn or an old one, and syncs the directory of a new file.
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.Versioning;
using DmIoUring;

[assembly: SupportedOSPlatform("linux")]

const int blockBytes = 4096;
const int blockSectors = blockBytes / 512;
if (args.Length is 0 or > 3)
{
    Console.Error.WriteLine("sample-write-ahead-log FILE [WRITERS [RECORDS-EACH]]: the file is made where there is none, and OVERWRITTEN.");
    return 2;
}

int writers = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 16;
int each = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 50;
long records = (long)writers * each;

// Space that was written once: later writes change nothing but data, and need no worker of the kernel's.
using BlockDevice log = BlockDevice.Open(
    args[0], new BlockDeviceOptions { Create = true, Length = records * blockBytes, Preallocation = FilePreallocation.Written });
long next = -1;
long failed = 0;
IoStatistics statistics;
await using (DmIoClient client = new())
{
    await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
    {
        using IoMemory block = IoMemory.Allocate(blockBytes);
        for (int i = 0; i < each; i++)
        {
            long number = Interlocked.Increment(ref next);
            block.GetSpan().Clear();
            BinaryPrimitives.WriteInt64LittleEndian(block.GetSpan(), number + 1);
            IoRegion place = new(log, number * blockSectors, blockSectors);

            // The flush covers writes that ended before it was submitted, so it is asked for after this one's end. One that is under way already does not
            // count; all that wait meanwhile share the next.
            IoResult written = await client.WriteAsync(place, block);
            IoResult durable = written.IsSuccess ? await client.FlushAsync(place) : written;
            if (!durable.IsSuccess)
            {
                // Not acknowledged. After a failed flush everything since the last good one is in doubt: BlockDevice.Doubt, docs/durability.md.
                Interlocked.Increment(ref failed);
                return;
            }
        }
    })));
    statistics = client.Statistics;
}

Console.WriteLine($"{next + 1} records by {writers} writers, {failed} not acknowledged");
Console.WriteLine($"{statistics.Flushes} flushes of the device, {statistics.JoinedFlushes} shared one that others had asked for");

// Recovery: every acknowledged record is there.
long missing = 0;
using (DmIoClient client = new())
using (IoMemory block = IoMemory.Allocate(blockBytes))
{
    for (long number = 0; number <= next; number++)
    {
        IoResult result = client.Read(new IoRegion(log, number * blockSectors, blockSectors), block);
        if (!result.IsSuccess || BinaryPrimitives.ReadInt64LittleEndian(block.GetSpan()) != number + 1)
            missing++;
    }
}

Console.WriteLine($"{missing} records are missing");
return failed == 0 && missing == 0 ? 0 : 1;
