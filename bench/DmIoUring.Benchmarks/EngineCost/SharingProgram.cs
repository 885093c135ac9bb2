using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Rings;

namespace DmIoUring.Benchmarks.EngineCost;

/// <summary>
/// What the first and the eighth lane or reactor on a reserve of 1 GiB cost: the time until it has a ring and its pages are registered, and what is
/// pinned for it. Beside it the same where the kernel clones no registrations. And the time from a client's constructor to the end of its first read.
/// Medians, but for the cold one; one JSON document.
/// </summary>
internal static class SharingProgram
{
    public const string Name = "sharing";
    private const int Rounds = 7;
    private const int WarmRounds = 60;
    private const int Rings = 8;
    private const int Pages = 1 << 18;
    private const int FewPages = 64;
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static void Run()
    {
        using BenchDevice bench = BenchDevice.Create(BenchDeviceKind.LoopOnTmpfs);
        double cold = FirstRead(bench);
        Samples warm = new();
        for (int round = -WarmRounds / 2; round < WarmRounds; round++)
            warm.Add(round, FirstRead(bench));

        SharingSeries lanes = new(Rings);
        SharingSeries reactors = new(Rings);
        SharingSeries without = new(Rings);
        SharingSeries empty = new(Rings);
        for (int round = -Rounds; round < Rounds; round++)
        {
            // The rounds for the compiler need no more memory than what makes it compile.
            int pages = round < 0 ? FewPages : Pages;
            MakeLanes(pages, calls: null, lanes, round);
            MakeReactors(pages, reactors, round);
            MakeLanes(pages, new CallsWithoutClones(), without, round);
            MakeLanes(0, calls: null, empty, round);
        }

        Console.WriteLine(JsonSerializer.Serialize(
            new
            {
                ColdFirstReadMs = cold,
                WarmFirstReadMs = warm.Median,
                ReserveBytes = (long)Pages * PagePool.PageSize,
                Rings,
                EmptyLaneUs = empty.LastUs,
                Lane = lanes.FiguresBeyond(empty.LastUs),
                Reactor = reactors.FiguresBeyond(emptyUs: 0),
                LaneWithoutClones = without.FiguresBeyond(empty.LastUs),
            },
            Format));
    }

    /// <summary>Milliseconds from a client's constructor to the end of its first read.</summary>
    private static double FirstRead(BenchDevice bench)
    {
        long start = Stopwatch.GetTimestamp();
        using DmIoClient client = new();
        using PageReservation reservation = client.Reserve(FewPages);
        using PageList pages = client.Pages.RentPages(1);
        using ManualResetEventSlim done = new();
        client.SubmitRead(new IoRegion(bench.Device, 0, BenchDevice.BlockSectors), pages, (_, _) => done.Set());
        done.Wait();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static void MakeLanes(int pages, RingCalls? calls, SharingSeries series, int round)
    {
        DmIoOptions options = new();
        using KernelRingSource source = new(calls);

        // The host is probed before, which happens once.
        _ = source.Capabilities;
        using PagePool pool = new();
        using PageReservation? reservation = pages > 0 ? pool.Reserve(pages) : null;
        RequestPool requests = new(new CallbackReporter(null));
        List<Lane> lanes = [];
        for (int i = 0; i < Rings; i++)
        {
            long pinned = Pinned();
            long start = Stopwatch.GetTimestamp();
            Lane lane = new(source, options, pool, requests, i);
            long made = Stopwatch.GetTimestamp();

            // A lane registers in its first turn, by itself.
            while (pages > 0 && lane.RegisterErrno is null)
                Thread.Yield();
            series.Add(round, i, made - start, Stopwatch.GetTimestamp() - made, Pinned() - pinned);
            lanes.Add(lane);
        }

        lanes.ForEach(static lane => lane.Close());
        lanes.ForEach(static lane => lane.Ended.Wait());
    }

    private static void MakeReactors(int pages, SharingSeries series, int round)
    {
        // The client only has the memory: its lanes register none.
        using DmIoClient client = new(new DmIoOptions { FixedBuffers = false });
        using PageReservation reservation = client.Reserve(pages, requests: 0);
        List<IoReactor> reactors = [];
        for (int i = 0; i < Rings; i++)
        {
            long pinned = Pinned();
            long start = Stopwatch.GetTimestamp();
            IoReactor reactor = new(new IoReactorOptions { Pages = client.Pages });
            reactor.GetPendingRequests();
            long made = Stopwatch.GetTimestamp();
            reactor.Poll();
            series.Add(round, i, made - start, Stopwatch.GetTimestamp() - made, Pinned() - pinned);
            reactors.Add(reactor);
        }

        reactors.ForEach(static reactor => reactor.Dispose());
    }

    /// <summary>Bytes that are pinned for the process.</summary>
    private static long Pinned()
    {
        string line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("VmPin:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6, line.Length - 8).Trim(), CultureInfo.InvariantCulture) * 1024;
    }
}
