// A write-ahead log with group commit: many writers append a block each and wait until it is on the medium; writers that wait share one flush of the device.
//
//     sample-write-ahead-log FILE [WRITERS [RECORDS-EACH]]       FILE is made where there is none, and OVERWRITTEN
//
// samples/PowerLoss proves it on simulated disks. Of a new file the directory must be synced, too; this program does not.
using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using DmIoUring;
using DmIoUring.Samples;

[assembly: SupportedOSPlatform("linux")]

if (args.Length is 0 or > 3)
{
    Console.Error.WriteLine("sample-write-ahead-log FILE [WRITERS [RECORDS-EACH]]: the file is made where there is none, and OVERWRITTEN.");
    return 2;
}

int writers = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 16;
int each = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 50;
long records = (long)writers * each;

// Space that was written once: later writes change nothing but data, and need no worker of the kernel's.
using BlockDevice file = BlockDevice.Open(
    args[0], new BlockDeviceOptions { Create = true, Length = records * WriteAheadLog.BlockBytes, Preallocation = FilePreallocation.Written });
int acknowledged = 0;
IoStatistics statistics;
await using (DmIoClient client = new())
{
    WriteAheadLog log = await WriteAheadLog.CreateAsync(client, file);
    await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
    {
        using IoMemory block = IoMemory.Allocate(WriteAheadLog.BlockBytes);
        for (int i = 0; i < each && await log.AppendAsync(Encoding.UTF8.GetBytes($"record {i} of writer {writer}"), block); i++)
            Interlocked.Increment(ref acknowledged);
    })));
    statistics = client.Statistics;
}

Console.WriteLine($"{acknowledged} records by {writers} writers, {records - acknowledged} not acknowledged");
Console.WriteLine($"{statistics.Flushes} flushes of the device, {statistics.JoinedFlushes} shared one that others had asked for");

// Recovery: every acknowledged record is there.
await using (DmIoClient client = new())
{
    (_, List<byte[]> found) = await WriteAheadLog.OpenAsync(client, file);
    Console.WriteLine($"{Math.Max(0, acknowledged - found.Count)} records are missing");
    return acknowledged == records && found.Count == records ? 0 : 1;
}
