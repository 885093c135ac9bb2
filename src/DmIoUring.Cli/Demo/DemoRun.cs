using System.Diagnostics;
using DmIoUring.Cli.Bench;
using DmIoUring.Cli.Copy;

namespace DmIoUring.Cli.Demo;

/// <summary>Writes three devices at once, one of which has lost its tail, reads all of it back, and measures.</summary>
internal sealed class DemoRun : IDisposable
{
    private readonly DemoSize _size;
    private readonly DemoLegs _legs;
    private readonly DmIoClient _client = new();
    private readonly ulong[] _failedOfPiece;
    private readonly FirstFailure[] _failures;
    private int _nextPiece;

    private DemoRun(DemoSize size)
    {
        _size = size;
        _failedOfPiece = new ulong[size.Pieces];
        try
        {
            _legs = DemoLegs.Create(size);
        }
        catch
        {
            _client.Dispose();
            throw;
        }

        _failures = [.. _legs.All.Select(_ => new FirstFailure())];
    }

    private static long PieceSectors => DemoSize.PieceBytes / IoRegion.SectorSize;

    /// <summary>Does all of it, and cleans up however it ends.</summary>
    /// <exception cref="IoUringUnavailableException">The host has no io_uring.</exception>
    /// <exception cref="OperationCanceledException">Interrupted; nothing is left behind.</exception>
    public static async Task<DemoReport> RunAsync(DemoSize size, Action<string> step, CancellationToken cancellation)
    {
        using DemoRun run = new(size);
        return await run.RunAsync(step, cancellation);
    }

    public void Dispose()
    {
        _client.Dispose();
        _legs.Dispose();
    }

    private async Task<DemoReport> RunAsync(Action<string> step, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        _legs.CutMiddle(_size.CutBytes);

        step($"writing {Quantity.Bytes(_size.BytesPerLeg)} to three devices at once");
        long writeStart = Stopwatch.GetTimestamp();
        await Workers.RunAsync(_size.Depth, () => WritePiecesAsync(cancellation));
        double writeSeconds = Stopwatch.GetElapsedTime(writeStart).TotalSeconds;
        cancellation.ThrowIfCancellationRequested();

        step("looking for the first bad sector, reading everything back");
        DemoLegReport[] legs = new DemoLegReport[_legs.All.Count];
        for (int region = 0; region < legs.Length; region++)
            legs[region] = await InspectLegAsync(region, cancellation);

        DemoMeasurement measurement = new(_legs.All, _size, _client.Capabilities.RefusalReason is null ? BenchRing.Kernel : BenchRing.Worker);
        step("single 4 KiB writes to all three, in turns with RandomAccess");
        ComparisonReport latency = await measurement.MeasureLatencyAsync(cancellation);
        step("1 MiB writes to all three, in turns with RandomAccess");
        ComparisonReport throughput = await measurement.MeasureThroughputAsync(cancellation);

        RegionBits failed = new(_failedOfPiece.Aggregate(0UL, (all, piece) => all | piece));
        long cut = _size.CutBytes / IoRegion.SectorSize;
        return new DemoReport
        {
            IsAsExpected = failed.Value == 0b010 && legs[1].FirstBadSector == cut && Array.TrueForAll(legs, leg => leg.IsIntact),
            Ring = _client.Capabilities.Ring,
            KernelRelease = _client.Capabilities.KernelRelease,
            WhyNoLoopDevices = _legs.WhyNoLoopDevices,
            IsDirect = _legs.All.All(leg => leg.Device.IsDirect),
            BytesPerLeg = _size.BytesPerLeg,
            PieceBytes = DemoSize.PieceBytes,
            Depth = _size.Depth,
            WriteSeconds = writeSeconds,
            Failed = RegionBitsReport.Of(failed, legs.Length),
            Writes = [.. _failedOfPiece.CountBy(static bits => bits).OrderBy(static one => one.Key).Select(one => new WriteOutcome(RegionBitsReport.Of(new RegionBits(one.Key), legs.Length), one.Value))],
            ExpectedFirstBadSector = cut,
            Legs = legs,
            Latency = latency,
            Throughput = throughput,
            TotalSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
        };
    }

    private async Task WritePiecesAsync(CancellationToken cancellation)
    {
        using IoMemory memory = IoMemory.Allocate(DemoSize.PieceBytes);
        IoRegion[] regions = new IoRegion[_legs.All.Count];
        IoReport report = new();
        while (!cancellation.IsCancellationRequested)
        {
            int piece = Interlocked.Increment(ref _nextPiece) - 1;
            if (piece >= _size.Pieces)
                return;
            long sector = piece * PieceSectors;
            TestPattern.Fill(memory.GetSpan(), sector);
            for (int region = 0; region < regions.Length; region++)
                regions[region] = new IoRegion(_legs.All[region].Device, sector, PieceSectors);

            IoResult result = await _client.WriteAsync(regions, memory, new IoRequestOptions(Report: report), CancellationToken.None);
            RegionBits failed = result.Failed | result.Unsupported;
            _failedOfPiece[piece] = failed.Value;
            foreach (int region in failed)
                _failures[region].Note(CopyPhase.Write, sector, PieceSectors, report[region]);
        }
    }

    /// <summary>What was reported written must be there, on the failing leg too, up to the very sector.</summary>
    private async Task<DemoLegReport> InspectLegAsync(int region, CancellationToken cancellation)
    {
        DemoLeg leg = _legs.All[region];
        using IoMemory expected = IoMemory.Allocate(DemoSize.PieceBytes);
        using IoMemory actual = IoMemory.Allocate(DemoSize.PieceBytes);
        CopyFailure? failure = null;
        if (_failures[region].IsSet)
        {
            TestPattern.Fill(expected.GetSpan(), _failures[region].Sector);
            failure = await FailureSearch.InWriteAsync(_client, leg.Device, _failures[region], expected);
        }

        List<SectorRange> failedPieces = [];
        int written = _size.Pieces;
        long verified = 0;
        bool intact = true;
        for (int piece = 0; piece < _size.Pieces; piece++)
        {
            cancellation.ThrowIfCancellationRequested();
            long sector = piece * PieceSectors;
            long count = PieceSectors;
            if ((_failedOfPiece[piece] >> region & 1) != 0)
            {
                written--;
                SectorRange.Append(failedPieces, sector, PieceSectors);
                count = failure is { IsExact: true, Sector: { } bad } ? Math.Clamp(bad - sector, 0, PieceSectors) : 0;
            }

            bool same = count == 0 || await IsWrittenAsync(leg, sector, (int)count, expected, actual);
            verified += same ? count * IoRegion.SectorSize : 0;
            intact &= same;
        }

        return new DemoLegReport(
            region, leg.Path, leg.Description, written, failedPieces, failure?.Errno, failure?.Sector, verified, intact);
    }

    private async ValueTask<bool> IsWrittenAsync(DemoLeg leg, long sector, int count, IoMemory expected, IoMemory actual)
    {
        int length = count * IoRegion.SectorSize;
        IoResult read = await _client.ReadAsync(new IoRegion(leg.Device, sector, count), actual.Slice(0, length));
        TestPattern.Fill(expected.GetSpan()[..length], sector);
        return read.IsSuccess && expected.GetSpan()[..length].SequenceEqual(actual.GetSpan()[..length]);
    }
}
