using System.Diagnostics;

namespace DmIoUring.Cli.Demo;

/// <summary>
/// The same writes by dmio and by RandomAccess: same devices, same descriptors, same memory, same depth, in turns, so that what
/// else the host does meets both. Only sectors that are good on every leg are used.
/// </summary>
internal sealed class DemoMeasurement(DmIoClient client, IReadOnlyList<DemoLeg> legs, DemoSize size)
{
    public const string Awaited = "dmio WriteAsync";
    public const string Synchronous = "dmio Write";
    public const string Peer = "RandomAccess.WriteAsync x3";
    private const int WarmUpWrites = 100;
    private const int LeastRounds = 3;

    public int LatencyRounds { get; private set; }

    public int ThroughputRounds { get; private set; }

    public async Task<IReadOnlyList<LatencyReport>> MeasureLatencyAsync(CancellationToken cancellation)
    {
        using IoMemory memory = IoMemory.Allocate(DemoSize.LatencyBytes);
        (string Name, Func<int, Task<double[]>> Run)[] methods =
        [
            (Synchronous, count => Task.Run(() => TimeSyncWrites(memory, count))),
            (Awaited, count => Task.Run(() => TimeAwaitedWritesAsync(memory, count))),
            (Peer, count => Task.Run(() => TimePeerWritesAsync(memory, count))),
        ];
        List<double>[] medians = [.. methods.Select(_ => new List<double>())];
        List<double>[] tails = [.. methods.Select(_ => new List<double>())];
        foreach ((_, Func<int, Task<double[]>> run) in methods)
            await run(WarmUpWrites);
        long start = Stopwatch.GetTimestamp();
        for (; GoesOn(LatencyRounds, start); LatencyRounds++)
        {
            for (int turn = 0; turn < methods.Length; turn++)
            {
                cancellation.ThrowIfCancellationRequested();
                int method = (LatencyRounds + turn) % methods.Length;
                double[] times = await methods[method].Run(size.LatencyWrites);
                Array.Sort(times);
                medians[method].Add(times[times.Length / 2]);
                tails[method].Add(times[times.Length * 99 / 100]);
            }
        }

        return [.. methods.Select((method, index) => new LatencyReport(method.Name, Median(medians[index]), Median(tails[index])))];
    }

    public async Task<IReadOnlyList<ThroughputReport>> MeasureThroughputAsync(CancellationToken cancellation)
    {
        (string Name, Func<IoMemory, long, Task> Write)[] methods =
        [
            (Awaited, async (memory, offset) => Check(await client.WriteAsync(Regions(offset, DemoSize.PieceBytes), memory))),
            (Peer, (memory, offset) => Task.WhenAll(legs.Select(leg => RandomAccess.WriteAsync(leg.Handle, memory.Memory, offset).AsTask()))),
        ];
        List<double>[] rates = [.. methods.Select(_ => new List<double>())];
        long start = Stopwatch.GetTimestamp();
        for (; GoesOn(ThroughputRounds, start); ThroughputRounds++)
        {
            for (int turn = 0; turn < methods.Length; turn++)
            {
                cancellation.ThrowIfCancellationRequested();
                int method = (ThroughputRounds + turn) % methods.Length;
                rates[method].Add(await RateOfAsync(methods[method].Write));
            }
        }

        return [.. methods.Select((method, index) => new ThroughputReport(method.Name, Median(rates[index])))];
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private static double Microseconds(long start) => Stopwatch.GetElapsedTime(start).TotalMicroseconds;

    private static void Check(IoResult result)
    {
        if (!result.IsSuccess)
            throw new IOException($"A write that must succeed did not: {result}");
    }

    private bool GoesOn(int rounds, long start) =>
        rounds < size.Rounds && (rounds < LeastRounds || Stopwatch.GetElapsedTime(start) < size.Patience);

    private async Task<double> RateOfAsync(Func<IoMemory, long, Task> write)
    {
        int pieces = (int)(size.CutBytes / DemoSize.PieceBytes);
        int next = 0;
        long start = Stopwatch.GetTimestamp();
        await Workers.RunAsync(size.Depth, async () =>
        {
            using IoMemory memory = IoMemory.Allocate(DemoSize.PieceBytes);
            int piece;
            while ((piece = Interlocked.Increment(ref next) - 1) < size.ThroughputPieces)
                await write(memory, (long)(piece % pieces) * DemoSize.PieceBytes);
        });
        return (long)size.ThroughputPieces * DemoSize.PieceBytes / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private double[] TimeSyncWrites(IoMemory memory, int count)
    {
        double[] times = new double[count];
        for (int index = 0; index < count; index++)
        {
            IoRegion[] regions = Regions(OffsetOf(index), DemoSize.LatencyBytes);
            long start = Stopwatch.GetTimestamp();
            IoResult result = client.Write(regions, memory);
            times[index] = Microseconds(start);
            Check(result);
        }

        return times;
    }

    private async Task<double[]> TimeAwaitedWritesAsync(IoMemory memory, int count)
    {
        double[] times = new double[count];
        for (int index = 0; index < count; index++)
        {
            IoRegion[] regions = Regions(OffsetOf(index), DemoSize.LatencyBytes);
            long start = Stopwatch.GetTimestamp();
            IoResult result = await client.WriteAsync(regions, memory);
            times[index] = Microseconds(start);
            Check(result);
        }

        return times;
    }

    private async Task<double[]> TimePeerWritesAsync(IoMemory memory, int count)
    {
        double[] times = new double[count];
        Task[] writes = new Task[legs.Count];
        for (int index = 0; index < count; index++)
        {
            long offset = OffsetOf(index);
            long start = Stopwatch.GetTimestamp();
            for (int leg = 0; leg < writes.Length; leg++)
                writes[leg] = RandomAccess.WriteAsync(legs[leg].Handle, memory.Memory, offset).AsTask();
            await Task.WhenAll(writes);
            times[index] = Microseconds(start);
        }

        return times;
    }

    /// <summary>Scattered, and the same for everybody.</summary>
    private long OffsetOf(int index) => (long)((uint)index * 2654435761 % (ulong)(size.CutBytes / DemoSize.LatencyBytes)) * DemoSize.LatencyBytes;

    private IoRegion[] Regions(long offset, int length) =>
        [.. legs.Select(leg => new IoRegion(leg.Device, offset / IoRegion.SectorSize, length / IoRegion.SectorSize))];
}
