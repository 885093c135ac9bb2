using System.Diagnostics;
using System.Globalization;
using DmIoUring.Cli.Bench;

namespace DmIoUring.Cli.Demo;

/// <summary>
/// The same writes by dmio and by RandomAccess, each measured as <c>dmio bench</c> measures: same devices, same descriptors, memory of one kind, same depth, in
/// turns, so that what else the host does meets all of them. Only sectors that are good on every leg are used.
/// </summary>
/// <param name="legs">The devices.</param>
/// <param name="size">How long.</param>
/// <param name="ring">What carries requests here.</param>
internal sealed class DemoMeasurement(IReadOnlyList<DemoLeg> legs, DemoSize size, BenchRing ring)
{
    private const int LeastRounds = 3;
    private static readonly TimeSpan LongestRound = TimeSpan.FromSeconds(20);

    private static readonly DemoMethod Synchronous = new(
        "dmio Write", "its thread submits all three itself, sleeps, and is woken when the last has ended", BenchDriver.Sync, BenchPlanner.MakeLoad);

    private static readonly DemoMethod Awaited = new(
        "dmio WriteAsync", "a write goes to the client's thread and its end to the thread pool: two threads are woken; the caller's is free meanwhile",
        BenchDriver.Lane, BenchPlanner.MakeLoad);

    private DemoMethod Peer { get; } = new(
        "RandomAccess x3", "three system calls on three threads of the pool, a task for each and one that waits for all",
        BenchDriver.Lane, run => new RandomAccessLoad(run, joins: true, [.. legs.Select(static leg => leg.Handle)]));

    /// <summary>Small writes, one at a time: the fastest is the one with the lowest median time.</summary>
    public Task<ComparisonReport> MeasureLatencyAsync(CancellationToken cancellation) =>
        CompareAsync([Synchronous, Awaited, Peer], BenchPattern.RandWrite, DemoSize.LatencyBytes, depth: 1, "p50", static method => method.P50Ns, cancellation);

    /// <summary>Large writes, several at a time: the fastest is the one with the most bytes a second.</summary>
    public Task<ComparisonReport> MeasureThroughputAsync(CancellationToken cancellation) =>
        CompareAsync([Awaited, Peer], BenchPattern.Write, DemoSize.PieceBytes, size.Depth, "MiB/s", static method => Negative(method.BytesPerSecond), cancellation);

    private static Spread Negative(Spread spread) => new(-spread.Median, -spread.Max, -spread.Min);

    private async Task<ComparisonReport> CompareAsync(
        DemoMethod[] methods, BenchPattern pattern, int blockBytes, int depth, string figure, Func<MethodReport, Spread> cost, CancellationToken cancellation)
    {
        List<BenchReport>[] runs = [.. methods.Select(static _ => new List<BenchReport>())];
        long start = Stopwatch.GetTimestamp();
        int rounds = 0;
        for (; rounds < size.Rounds && (rounds < LeastRounds || Stopwatch.GetElapsedTime(start) < size.Patience); rounds++)
        {
            for (int turn = 0; turn < methods.Length; turn++)
            {
                int method = (rounds + turn) % methods.Length;
                runs[method].Add(await RunAsync(methods[method], pattern, blockBytes, depth, cancellation));
            }
        }

        MethodReport[] reports = [.. methods.Select((method, index) => ReportOf(method, runs[index]))];
        MethodReport fastest = reports.MinBy(report => cost(report).Median)!;
        return new ComparisonReport(blockBytes, depth, rounds, size.RoundTime.TotalSeconds,
        [
            .. reports.Select((report, index) => ReferenceEquals(report, fastest) ? report : report with
            {
                WhySlower = cost(report).Overlaps(cost(fastest)) ? NoDifference(figure) : Why(methods[index], runs[index]),
            }),
        ]);
    }

    /// <summary>One turn, once more and longer where not one write has ended in it.</summary>
    private async Task<BenchReport> RunAsync(DemoMethod method, BenchPattern pattern, int blockBytes, int depth, CancellationToken cancellation)
    {
        BenchReport report;
        TimeSpan time = size.RoundTime;
        do
        {
            report = await RunAsync(method, RequestOf(method, pattern, blockBytes, depth, time), cancellation);
            time *= 2;
        }
        while (report.Operations == 0 && time < LongestRound);
        return report.Operations > 0 ? report : throw new IOException(string.Create(
            CultureInfo.InvariantCulture, $"No write by {method.Name} of {blockBytes} bytes ended within {LongestRound.TotalSeconds / 2} s."));
    }

    private async Task<BenchReport> RunAsync(DemoMethod method, BenchRequest request, CancellationToken cancellation)
    {
        BenchTarget target = new([.. legs.Select(static leg => leg.Device)], request.BlockBytes / IoRegion.SectorSize, size.CutBytes / request.BlockBytes);
        BenchRun run = new(request, [target]);
        using BenchLoad load = method.MakeLoad(run);
        BenchReport report = await new BenchMeasurement(run, load).RunAsync(cancellation);
        cancellation.ThrowIfCancellationRequested();
        return report.Failure is { } failure
            ? throw new IOException($"A write by {method.Name} that must succeed did not: {failure.Message}")
            : report;
    }

    private BenchRequest RequestOf(DemoMethod method, BenchPattern pattern, int blockBytes, int depth, TimeSpan time) => new()
    {
        Paths = [.. legs.Select(static leg => leg.Path)],
        Pattern = pattern,
        BlockBytes = blockBytes,
        AskedDepth = depth,
        Driver = method.Driver,
        AskedCompletion = method.Driver == BenchDriver.Lane ? BenchCompletion.Await : null,
        AskedMemory = BenchMemory.Array,
        Runtime = time,
        Ramp = time / 4,
        Engine = new EngineSettings { Ring = ring },
    };

    private static MethodReport ReportOf(DemoMethod method, List<BenchReport> runs) => new()
    {
        Method = method.Name,
        P50Ns = SpreadOf(runs, static run => run.LatNs!.P50),
        P99Ns = SpreadOf(runs, static run => run.LatNs!.P99),
        BytesPerSecond = SpreadOf(runs, static run => run.BwBytes!.Value),
        CpuNsPerOp = SpreadOf(runs, static run => run.CpuNsPerOp!.Value),
        AllocatedBytesPerOp = SpreadOf(runs, static run => run.AllocatedBytesPerOp!.Value),
    };

    private static Spread SpreadOf(List<BenchReport> runs, Func<BenchReport, double> figure) => Spread.Of(runs.Select(figure))!.Value;

    /// <summary>What stands where one is slower by the median of the figure that they are compared by, and not by more than rounds differ.</summary>
    private static string NoDifference(string figure) => $"by less than rounds differ in {figure}, where the ranges overlap";

    /// <summary>What happens in a write, and what was counted of it.</summary>
    private static string Why(DemoMethod method, List<BenchReport> runs)
    {
        double workers = (double)runs.Sum(static run => run.WorkerEntries ?? 0) / runs.Sum(static run => run.Operations!.Value);
        return workers < 0.01
            ? method.How
            : string.Create(CultureInfo.InvariantCulture, $"{method.How}; the devices block, so workers took {workers:0.#} transfers of each write");
    }
}
