using System.Text.Json;

namespace DmIoUring.Benchmarks.EngineCost;

/// <summary>
/// What a client with a reserve keeps in memory, after it has had all of its depth under way: the process's resident memory less what
/// it was before there was a client. One JSON document.
/// </summary>
internal static class MemoryProgram
{
    public const string Name = "memory";
    private const int Depth = 1024;
    private const int Pages = 1024;
    private const int PageBytes = 4096;
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static void Run()
    {
        using BenchDevice bench = BenchDevice.Create(BenchDeviceKind.LoopOnTmpfs);
        using IoMemory memory = IoMemory.Allocate(Depth * PageBytes);
        memory.GetSpan().Fill(1);

        // A first client brings in the code and what the runtime keeps for threads and compiled methods.
        UseAll(bench, memory);
        long before = Resident();
        DmIoClient client = new(Options);
        PageReservation reservation = client.Reserve(Pages);
        Fill(client, bench, memory);
        long after = Resident();
        reservation.Dispose();
        client.Dispose();
        const long pool = (long)Pages * PageBytes;
        Console.WriteLine(JsonSerializer.Serialize(new { PoolBytes = pool, BeyondPoolBytes = after - before - pool, Depth, Pages }, Format));
    }

    private static DmIoOptions Options => new() { QueueDepth = Depth };

    private static void UseAll(BenchDevice bench, IoMemory memory)
    {
        for (int i = 0; i < 20; i++)
        {
            using DmIoClient client = new(Options);
            using PageReservation reservation = client.Reserve(Pages);
            Fill(client, bench, memory);
        }
    }

    /// <summary>Has the whole depth under way, several times.</summary>
    private static void Fill(DmIoClient client, BenchDevice bench, IoMemory memory)
    {
        for (int round = 0; round < 10; round++)
        {
            using CountdownEvent left = new(Depth);
            for (int i = 0; i < Depth; i++)
            {
                IoRegion region = new(bench.Device, (long)i * BenchDevice.BlockSectors, BenchDevice.BlockSectors);
                client.SubmitRead(region, memory.Slice((long)i * PageBytes, PageBytes), (_, _) => left.Signal());
            }

            left.Wait();
        }
    }

    /// <summary>Bytes of the process that are in memory and its own, once nothing is garbage.</summary>
    private static long Resident()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        string line = File.ReadLines("/proc/self/smaps_rollup").First(static line => line.StartsWith("Rss:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(4, line.Length - 6).Trim(), System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }
}
