using System.Collections.Concurrent;

namespace DmIoUring.Cli.Stress;

/// <summary>Writes every sector once, lets the threads loose, and reads every sector at the end.</summary>
internal sealed class StressJob(StressPlan plan, StressProgress progress)
{
    private const int PieceBytes = 1 << 20;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly StressRun _run = new(plan, progress);

    public TimeSpan Elapsed => _run.Elapsed;

    /// <summary>Runs until the time is up, something is wrong, or it is cancelled; then everything is read back all the same.</summary>
    public async Task<StressReport> RunAsync(CancellationToken cancellation)
    {
        TimeSpan worked = TimeSpan.Zero;
        try
        {
            plan.PhaseBegins?.Invoke(StressPhase.Prepare);
            await Task.Run(() => OnAllPieces(Prepare), CancellationToken.None);
            await Task.Run(LearnDiscards, CancellationToken.None);
            plan.PhaseBegins?.Invoke(StressPhase.Work);
            TimeSpan start = _run.Elapsed;
            await WorkAsync(start + plan.Request.Time, cancellation);
            worked = _run.Elapsed - start;
            if (_run.Finding is null)
            {
                plan.PhaseBegins?.Invoke(StressPhase.ReadBack);
                await Task.Run(FlushAll, CancellationToken.None);
                await Task.Run(() => OnAllPieces(ReadBack), CancellationToken.None);
            }
        }
        catch (Exception exception) when (exception is IOException or TimeoutException or InvalidOperationException or AggregateException)
        {
            _run.Report(exception, "the run");
        }

        CheckStatistics();
        return Report(worked, cancellation.IsCancellationRequested);
    }

    private async Task WorkAsync(TimeSpan end, CancellationToken cancellation)
    {
        StressWorker[] workers = [.. Enumerable.Range(1, plan.Threads).Select(number => new StressWorker(_run, number))];
        Breaker[] breakers = plan.Request.Faults ? MakeBreakers() : [];
        foreach (StressWorker worker in workers)
            worker.Start();
        foreach (Breaker breaker in breakers)
            breaker.Start();
        while (!_run.IsStopping && _run.Elapsed < end && !cancellation.IsCancellationRequested)
            await Task.Delay(Look, CancellationToken.None);
        _run.Stop();
        await Task.Run(() =>
        {
            // The workers last: a device that is held up holds up their requests.
            foreach (Breaker breaker in breakers)
                breaker.Join();
            foreach (StressWorker worker in workers)
                worker.Join();
        }, CancellationToken.None);
        foreach (StressWorker worker in workers)
            worker.Dispose();
    }

    /// <summary>One for each device that can be broken, so that several are broken at the same time.</summary>
    private Breaker[] MakeBreakers() =>
    [
        .. plan.Legs
            .Select(leg => (Leg: leg, Ways: leg.Own?.WaysToBreak(leg, plan.Seed) ?? []))
            .Where(choice => choice.Ways.Count > 0)
            .Select((choice, number) => new Breaker(_run, number, choice.Leg, choice.Ways)),
    ];

    private void OnAllPieces(Action<StressLeg, long, int, IoMemory> work)
    {
        List<(StressLeg Leg, long Sector, int Count)> pieces = [];
        foreach (StressLeg leg in plan.Legs)
        {
            for (long sector = 0; sector < leg.Shape.Sectors; sector += PieceBytes / IoRegion.SectorSize)
                pieces.Add((leg, sector, (int)Math.Min(leg.Shape.Sectors - sector, PieceBytes / IoRegion.SectorSize)));
        }

        ConcurrentQueue<(StressLeg Leg, long Sector, int Count)> queue = new(pieces);
        Parallel.For(0, plan.Threads, new ParallelOptions { MaxDegreeOfParallelism = plan.Threads }, _ =>
        {
            using IoMemory memory = IoMemory.Allocate(PieceBytes);
            while (_run.Finding is null && queue.TryDequeue(out (StressLeg Leg, long Sector, int Count) piece))
                work(piece.Leg, piece.Sector, piece.Count, memory);
        });
    }

    private void Prepare(StressLeg leg, long sector, int count, IoMemory memory)
    {
        long generation = Generation.Of(Generation.Preparation, 1);
        for (int i = 0; i < count; i++)
        {
            SectorStamp stamp = new(plan.Seed, sector + i, generation, 1UL << leg.Index);
            stamp.Fill(memory.GetSpan().Slice(i * IoRegion.SectorSize, IoRegion.SectorSize));
        }

        int start = _run.Milliseconds;
        IoResult result = plan.Clients[0].Write(new IoRegion(leg.Device, sector, count), memory);
        if (!result.IsSuccess)
            ReportFailure(leg, "the first write", result);
        leg.Contents.SetOnly(sector, count, generation);
        leg.History.Add(new HistoryEntry(generation, start, _run.Milliseconds, (int)sector, count, OperationKind.Write, (short)result.First.Errno));
    }

    /// <summary>A device either has discards or has none: it may not change its mind in the run.</summary>
    private void LearnDiscards()
    {
        foreach (StressLeg leg in plan.Legs)
        {
            int block = leg.Shape.BlockSectors;
            IoResult result = plan.Clients[0].Discard(new IoRegion(leg.Device, 0, block));
            if (!result.Failed.IsEmpty)
                ReportFailure(leg, "the first discard", result);
            leg.HasNoDiscard = !result.Unsupported.IsEmpty;
            leg.Contents.AddDiscarded(0, block, fickle: leg.Own is null);
        }
    }

    private void FlushAll()
    {
        foreach (StressLeg leg in plan.Legs)
            leg.AcknowledgeDoubt();
        IoResult result = plan.Clients[0].Flush([.. plan.Legs.Select(leg => new IoRegion(leg.Device, 0, 0))]);
        if (!result.IsSuccess)
            ReportFailure(plan.Legs[result.First.Region], "the last flush", result);
    }

    private void ReadBack(StressLeg leg, long sector, int count, IoMemory memory)
    {
        int length = count * IoRegion.SectorSize;
        IoResult result = plan.Clients[0].Read(new IoRegion(leg.Device, sector, count), memory);
        if (!result.IsSuccess)
        {
            ReportFailure(leg, "reading back", result);
            return;
        }

        Span<byte> bytes = memory.GetSpan()[..length];
        int wrong = _run.Check.FirstWrong(leg, bytes, sector, mayBeZeroes: false);
        if (wrong >= 0)
        {
            _run.Report(EvidenceOfBytes.Collect(
                _run, leg, bytes.Slice(wrong * IoRegion.SectorSize, IoRegion.SectorSize), sector + wrong, "reading everything back at the end"));
        }

        progress.AddVerified(length);
        progress.AddReadBack(length);
    }

    private void ReportFailure(StressLeg leg, string what, IoResult result) => _run.Report(new Finding
    {
        Kind = FindingKind.UnexpectedFailure,
        Message = $"{leg.Path}: {what}: {result}",
        Path = leg.Path,
        Sector = result.First.Sector,
        History = leg.History.Describe(result.First.Sector),
    });

    private void CheckStatistics()
    {
        if (plan.Clients.Statistics().CallbackExceptions is > 0 and long count)
            _run.Report(new Finding { Kind = FindingKind.Exception, Message = $"{count} callbacks threw" });
    }

    private StressReport Report(TimeSpan worked, bool interrupted) => new()
    {
        Outcome = _run.Finding is not null ? StressOutcome.Failed : interrupted ? StressOutcome.Interrupted : StressOutcome.Clean,
        Seed = plan.Seed,
        Seconds = worked.TotalSeconds,
        TotalSeconds = _run.Elapsed.TotalSeconds,
        Threads = plan.Threads,
        Depth = plan.Depth,
        Faults = plan.Request.Faults,
        CommandLine = plan.Command,
        WhyNoLoopDevices = plan.WhyNoLoopDevices,
        WhyNoFaultyMedium = plan.WhyNoFaultyMedium,
        Devices = [.. plan.Legs.Select(leg => new StressDeviceReport(
            leg.Path, leg.Own?.Description, leg.Shape.Sectors * IoRegion.SectorSize, leg.Device.LogicalBlockSize, leg.Device.IsDirect, !leg.HasNoDiscard))],
        Counts = StressCounts.Of(progress),
        Statistics = plan.Clients.Statistics(),
        Finding = _run.Finding,
    };
}
