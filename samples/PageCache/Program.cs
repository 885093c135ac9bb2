// A page cache on a reactor: one thread serves lookups from memory, reads what is missing, and never waits for a single read while others could be submitted.
//
//     sample-page-cache DEVICE [LOOKUPS]
using System.Globalization;
using System.Runtime.Versioning;
using DmIoUring;
using DmIoUring.Samples;

[assembly: SupportedOSPlatform("linux")]

if (args.Length is 0 or > 2)
{
    Console.Error.WriteLine("sample-page-cache DEVICE [LOOKUPS]: a block device or a file of at least 4096 bytes; it is only read.");
    return 2;
}

long lookups = args.Length > 1 ? long.Parse(args[1], CultureInfo.InvariantCulture) : 100_000;
using BlockDevice device = BlockDevice.Open(args[0], DeviceAccess.Read);
long pages = device.Size / PageCache.PageBytes;
if (pages == 0)
{
    Console.Error.WriteLine($"{device} has no whole page of {PageCache.PageBytes} bytes.");
    return 2;
}

using IoReactor reactor = new();
using PageCache cache = new(reactor, device, capacity: 1024);
Random random = new(1);
long served = 0;
long bytes = 0;
for (long i = 0; i < lookups; i++)
{
    // Most lookups are of few pages, as they usually are.
    long page = Math.Min((long)(pages * Math.Pow(random.NextDouble(), 4)), pages - 1);
    cache.Get(page, content =>
    {
        served++;
        bytes += content[0];
    });

    // Misses gather, and go to the kernel together.
    if (i % 32 == 31)
        reactor.Poll();
}

while (cache.Pending > 0)
    reactor.Poll(minimum: 1);
Console.WriteLine($"{served} of {lookups} lookups served, {cache.Hits} from memory, {cache.Reads} reads, {cache.Failures} failed (sum of first bytes {bytes})");
IoStatistics statistics = reactor.Statistics;
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{statistics.Enters} system calls, {(double)statistics.Entries / Math.Max(1, statistics.Enters):0.0} reads each"));
return served + cache.Failures == lookups && cache.Failures == 0 ? 0 : 1;
