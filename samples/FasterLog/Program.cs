// FASTER's log on this library: records are enqueued by several threads, committed, and found again after the log was closed and opened.
//
//     sample-faster-log FOLDER [RECORDS]
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.Versioning;
using DmIoUring;
using DmIoUring.Samples;
using FASTER.core;

[assembly: SupportedOSPlatform("linux")]

if (args.Length is 0 or > 2)
{
    Console.Error.WriteLine("sample-faster-log FOLDER [RECORDS]: the folder is made where there is none; its file system must have direct I/O.");
    return 2;
}

int records = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 20_000;
using DmIoClient client = new(new DmIoOptions { Callbacks = IoCallbackThreads.ThreadPool });
string path = Path.Combine(args[0], "log");

int next = 0;
using (DmIoDevice device = new(client, path))
using (FasterLog log = new(SettingsOf(device)))
{
    Thread[] writers = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
    {
        byte[] record = new byte[100];
        for (int number = Interlocked.Increment(ref next); number <= records; number = Interlocked.Increment(ref next))
        {
            BinaryPrimitives.WriteInt32LittleEndian(record, number);
            log.Enqueue(record);
        }
    }))];
    Array.ForEach(writers, static writer => writer.Start());
    Array.ForEach(writers, static writer => writer.Join());
    log.Commit(spinWait: true);
}

HashSet<int> found = [];
using (DmIoDevice device = new(client, path))
using (FasterLog log = new(SettingsOf(device)))
using (FasterLogScanIterator scan = log.Scan(log.BeginAddress, log.CommittedUntilAddress))
{
    while (scan.GetNext(out byte[] record, out _, out _, out _))
        found.Add(BinaryPrimitives.ReadInt32LittleEndian(record));
}

IoStatistics statistics = client.Statistics;
Console.WriteLine($"{found.Count} of {records} records found again; {statistics.Requests} requests, {statistics.Enters} system calls");
return found.Count == records ? 0 : 1;

static FasterLogSettings SettingsOf(DmIoDevice device) => new()
{
    LogDevice = device,
    PageSizeBits = 16,
    MemorySizeBits = 18,
    SegmentSizeBits = 22,
};
