using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DmIoUring.Benchmarks.EngineCost;
using DmIoUring.Services;

namespace DmIoUring.Benchmarks.Mirroring;

/// <summary>
/// What a mirror of three legs costs beside the engine's own write to three regions, and its read beside a plain read: 4 KiB at random, loop devices over tmpfs, the same devices in
/// the same rounds, alternately. One JSON document: medians in microseconds, and the ratios' medians.
/// </summary>
internal static class MirrorCostProgram
{
    public const string Name = "mirror-cost";
    private const int DefaultRounds = 15;
    private const int UsageError = 2;
    private const int Requests = 4000;
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>Runs with the options behind its name, in any order.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] options)
    {
        int rounds = DefaultRounds;
        bool hasChecksums = false;
        while (options is not [])
        {
            switch (options)
            {
                case ["--checksums", .. string[] others]:
                    (hasChecksums, options) = (true, others);
                    break;
                case ["--rounds", string text, .. string[] others] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out rounds) && rounds > 0:
                    options = others;
                    break;
                default:
                    await Console.Error.WriteLineAsync($"{Name}: '{string.Join(' ', options)}' is not understood. Usage: {Name} [--checksums] [--rounds N], N of 1 or more");
                    return UsageError;
            }
        }

        await RunAsync(rounds, hasChecksums);
        return 0;
    }

    private static async Task RunAsync(int rounds, bool hasChecksums)
    {
        BenchDevice[] legs = [.. Enumerable.Range(0, 3).Select(static _ => BenchDevice.Create(BenchDeviceKind.LoopOnTmpfs))];
        await using DmIoClient client = new();
        MirrorDevice mirror = await MirrorDevice.CreateAsync(client, [.. legs.Select(static leg => leg.Device)], new MirrorCreateOptions { AssumeEqual = true, Checksums = hasChecksums });
        await using (mirror)
        {
            Ways ways = new(client, mirror, [.. legs.Select(static leg => leg.Device)]);
            List<object> rows = [];
            foreach ((string name, int depth, bool isAsync, bool isWrite) in (ReadOnlySpan<(string, int, bool, bool)>)
                [("write", 1, false, true), ("write", 1, true, true), ("write", 32, true, true), ("read", 1, false, false), ("read", 1, true, false), ("read", 32, true, false)])
            {
                rows.Add(Compare(name, depth, isAsync, isWrite, ways, rounds));
            }

            Console.WriteLine(JsonSerializer.Serialize(new { Requests, Rounds = rounds, Checksums = mirror.HasChecksums ? 1 : 0, Rows = rows }, Format));
        }

        Array.ForEach(legs, static leg => leg.Dispose());
    }

    private static object Compare(string name, int depth, bool isAsync, bool isWrite, Ways ways, int rounds)
    {
        Samples engine = new(), mirrored = new(), ratio = new(), processor = new(), allocated = new();
        for (int round = -2; round < rounds; round++)
        {
            Figures[] both = new Figures[2];
            for (int half = 0; half < 2; half++)
            {
                // Which one comes first changes from round to round.
                bool isMirror = (half + round & 1) != 0;
                both[isMirror ? 1 : 0] = ways.Measure(depth, isAsync, isWrite, isMirror, Requests);
            }

            engine.Add(round, both[0].Microseconds);
            mirrored.Add(round, both[1].Microseconds);
            ratio.Add(round, both[1].Microseconds / both[0].Microseconds);
            processor.Add(round, both[1].ProcessorMicroseconds / both[0].ProcessorMicroseconds);
            allocated.Add(round, both[1].AllocatedBytes);
        }

        return new
        {
            Request = FormattableString.Invariant($"{name} {depth}{(isAsync ? " awaited" : "")}"),
            EngineMicroseconds = engine.Median,
            MirrorMicroseconds = mirrored.Median,
            Ratio = ratio.Median,
            ProcessorRatio = processor.Median,
            AllocatedBytes = allocated.Median,
        };
    }

    private readonly record struct Figures(double Microseconds, double ProcessorMicroseconds, double AllocatedBytes);

    /// <summary>The requests that are compared.</summary>
    private sealed class Ways(DmIoClient client, MirrorDevice mirror, BlockDevice[] legs)
    {
        private readonly IoMemory _memory = IoMemory.Allocate(BenchDevice.BlockBytes);
        private readonly IoRegion[] _regions = new IoRegion[legs.Length];
        private readonly long _blocks = mirror.SectorCount / BenchDevice.BlockSectors;

        public Figures Measure(int depth, bool isAsync, bool isWrite, bool isMirror, int requests)
        {
            // Every region of the log is dirty: what is measured is the steady state.
            TimeSpan processor = Environment.CpuUsage.TotalTime;
            long allocated = GC.GetTotalAllocatedBytes(precise: true);
            long start = Stopwatch.GetTimestamp();
            if (isAsync)
                Task.WhenAll(Enumerable.Range(0, depth).Select(writer => RunAsync(new Random(writer), isWrite, isMirror, requests / depth))).GetAwaiter().GetResult();
            else
                Run(new Random(1), isWrite, isMirror, requests);
            double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds / requests;
            return new Figures(
                microseconds,
                (Environment.CpuUsage.TotalTime - processor).TotalMicroseconds / requests,
                Math.Round((double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / requests, 1));
        }

        private void Run(Random random, bool isWrite, bool isMirror, int requests)
        {
            for (int i = 0; i < requests; i++)
            {
                long sector = random.NextInt64(_blocks) * BenchDevice.BlockSectors;
                bool isDone = (isWrite, isMirror) switch
                {
                    (true, true) => mirror.Write(sector, BenchDevice.BlockSectors, _memory).IsSuccess,
                    (true, false) => client.Write(Regions(sector, _regions), _memory).IsSuccess,
                    (false, true) => mirror.Read(sector, BenchDevice.BlockSectors, _memory).IsSuccess,
                    (false, false) => client.Read(new IoRegion(legs[0], sector, BenchDevice.BlockSectors), _memory).IsSuccess,
                };
                Check(isDone);
            }
        }

        private async Task RunAsync(Random random, bool isWrite, bool isMirror, int requests)
        {
            IoRegion[] regions = new IoRegion[legs.Length];
            for (int i = 0; i < requests; i++)
            {
                long sector = random.NextInt64(_blocks) * BenchDevice.BlockSectors;
                bool isDone = (isWrite, isMirror) switch
                {
                    (true, true) => (await mirror.WriteAsync(sector, BenchDevice.BlockSectors, _memory)).IsSuccess,
                    (true, false) => (await client.WriteAsync(Regions(sector, regions), _memory)).IsSuccess,
                    (false, true) => (await mirror.ReadAsync(sector, BenchDevice.BlockSectors, _memory)).IsSuccess,
                    (false, false) => (await client.ReadAsync(new IoRegion(legs[0], sector, BenchDevice.BlockSectors), _memory)).IsSuccess,
                };
                Check(isDone);
            }
        }

        private IoRegion[] Regions(long sector, IoRegion[] regions)
        {
            for (int leg = 0; leg < regions.Length; leg++)
                regions[leg] = new IoRegion(legs[leg], sector, BenchDevice.BlockSectors);
            return regions;
        }

        private static void Check(bool isDone)
        {
            if (!isDone)
                throw new IOException("A request failed.");
        }
    }
}
