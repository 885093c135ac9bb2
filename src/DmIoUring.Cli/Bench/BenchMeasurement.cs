namespace DmIoUring.Cli.Bench;

/// <summary>Runs a load: fills the queues, lets them run warm, measures, and lets everything end.</summary>
/// <param name="run">What is asked for, and where.</param>
/// <param name="load">What keeps the queues full.</param>
internal sealed class BenchMeasurement(BenchRun run, BenchLoad load)
{
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public BenchRun Run => run;

    /// <summary>Requests that have ended in the measured part so far.</summary>
    public long Operations => load.Measured;

    /// <summary>Runs until the time is up, a request fails, or it is cancelled.</summary>
    public Task<BenchReport> RunAsync(CancellationToken cancellation) => Task.Factory.StartNew(
        () => Measure(cancellation), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private BenchReport Measure(CancellationToken cancellation)
    {
        BenchRequest request = run.Request;
        using CancellationTokenRegistration interrupt = cancellation.Register(run.Stop);
        load.Start();
        using GarbageMaker? garbage = request.GarbageRate is { } rate ? new GarbageMaker(rate) : null;
        run.Wait(request.Ramp);

        // The exact count stops every thread for a moment, which would be seen in the latencies. Asking the rings allocates.
        RingCounts? countsBefore = load.Counts;
        long allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
        run.Wait(Settling);
        GarbageCounts garbageBefore = GarbageCounts.Now(garbage);
        TimeSpan cpuBefore = Environment.CpuUsage.TotalTime;
        run.Measure();
        run.Wait(request.Runtime);
        run.Stop();
        TimeSpan cpu = Environment.CpuUsage.TotalTime - cpuBefore;
        GarbageCounts collected = GarbageCounts.Now(garbage) - garbageBefore;
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore;
        RingCounts? counts = load.Counts - countsBefore;
        if (!load.Join(Patience))
            run.Fail(new TimeoutException($"Requests have not ended {Patience.TotalSeconds} s after the last was submitted."));
        return Report(cpu, allocated, counts, collected, cancellation.IsCancellationRequested);
    }

    private BenchReport Report(TimeSpan cpu, long allocated, RingCounts? counts, GarbageCounts garbage, bool interrupted)
    {
        BenchRequest request = run.Request;
        long operations = Operations;
        double seconds = run.Measured.TotalSeconds;
        return new BenchReport
        {
            Outcome = run.Failure is not null ? CommandOutcome.Failed : interrupted ? CommandOutcome.Interrupted : CommandOutcome.Complete,
            Operations = operations,
            Seconds = seconds,
            Iops = seconds > 0 ? operations / seconds : 0,
            BwBytes = seconds > 0 ? operations / seconds * request.BlockBytes : 0,
            LatNs = operations > 0 && run.Latency?.Merge() is { } histogram ? new BenchLatency(histogram) : null,
            CpuNsPerOp = operations > 0 ? cpu.TotalNanoseconds / operations : null,
            AllocatedBytesPerOp = operations > 0 && request.GarbageRate is null ? (double)allocated / operations : null,
            IosPerEnter = counts is { Enters: > 0 } rings ? (double)rings.Entries / rings.Enters : null,
            WorkerEntries = NotZero(counts?.WorkerEntries),
            InlineTransfers = NotZero(counts?.InlineTransfers),
            DeviceWaits = NotZero(counts?.DeviceWaits),
            GarbageBytesPerSecond = request.GarbageRate is not null && seconds > 0 ? garbage.Bytes / seconds : null,
            Gc = new BenchCollections(garbage),
            Ring = load.Capabilities?.Ring,
            Kernel = load.Capabilities?.KernelRelease,
            WhyNotFixed = load.WhyNotFixed,
            Devices = [.. run.Targets.SelectMany(target => target.Devices.Select(device => ReportOf(target, device, seconds)))],
            Failure = run.Failure,
            Settings = request,
        };
    }

    private BenchDeviceReport ReportOf(BenchTarget target, BlockDevice device, double seconds)
    {
        BenchDeviceReport report = new(device.Path, target.Blocks * run.Request.BlockBytes, device.LogicalBlockSize, device.IsDirect);
        if (!run.Request.PerDevice)
            return report;
        long operations = load.MeasuredOf(target);
        return report with
        {
            Operations = operations,
            Iops = seconds > 0 ? operations / seconds : 0,
            LatNs = operations > 0 && run.Latency?.MergeOf(target.Number) is { } histogram ? new BenchLatency(histogram) : null,
        };
    }

    private static long? NotZero(long? count) => count == 0 ? null : count;
}
