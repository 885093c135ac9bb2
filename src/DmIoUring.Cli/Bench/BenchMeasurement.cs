namespace DmIoUring.Cli.Bench;

/// <summary>Runs a plan: fills the queues, lets them run warm, measures, and lets everything end.</summary>
internal sealed class BenchMeasurement(BenchPlan plan)
{
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public BenchRun Run => plan.Run;

    /// <summary>Requests that have ended in the measured part so far.</summary>
    public long Operations => plan.Load.Measured;

    /// <summary>Runs until the time is up, a request fails, or it is cancelled.</summary>
    public async Task<BenchReport> RunAsync(CancellationToken cancellation)
    {
        await Task.Run(plan.Load.Start, CancellationToken.None);
        await WaitAsync(plan.Request.Ramp, cancellation);

        // The exact count stops every thread for a moment, which would be seen in the latencies.
        long allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
        await WaitAsync(Settling, cancellation);
        RingCounts? before = plan.Load.Counts;
        TimeSpan cpuBefore = Environment.CpuUsage.TotalTime;
        Run.Measure();
        await WaitAsync(plan.Request.Runtime, cancellation);
        Run.Stop();
        TimeSpan cpu = Environment.CpuUsage.TotalTime - cpuBefore;
        RingCounts? counts = plan.Load.Counts - before;
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore;
        if (!await Task.Run(() => plan.Load.Join(Patience), CancellationToken.None))
            Run.Fail(new TimeoutException($"Requests have not ended {Patience.TotalSeconds} s after the last was submitted."));
        return Report(cpu, allocated, counts, cancellation.IsCancellationRequested);
    }

    private Task WaitAsync(TimeSpan time, CancellationToken cancellation) =>
        time == TimeSpan.Zero ? Task.CompletedTask : Task.WhenAny(Task.Delay(time, cancellation), Run.Stopped);

    private BenchReport Report(TimeSpan cpu, long allocated, RingCounts? counts, bool interrupted)
    {
        BenchRequest request = plan.Request;
        long operations = Operations;
        double seconds = Run.Measured.TotalSeconds;
        return new BenchReport
        {
            Outcome = Run.Failure is not null ? BenchOutcome.Failed : interrupted ? BenchOutcome.Interrupted : BenchOutcome.Complete,
            Operations = operations,
            Seconds = seconds,
            Iops = seconds > 0 ? operations / seconds : 0,
            BwBytes = seconds > 0 ? operations / seconds * request.BlockBytes : 0,
            LatNs = operations > 0 && Run.Latency?.Merge() is { } histogram ? new BenchLatency(histogram) : null,
            CpuNsPerOp = operations > 0 ? cpu.TotalNanoseconds / operations : null,
            AllocatedBytesPerOp = operations > 0 ? (double)allocated / operations : null,
            IosPerEnter = counts is { Enters: > 0 } rings ? (double)rings.Entries / rings.Enters : null,
            Ring = plan.Load.Capabilities.Ring,
            Kernel = plan.Load.Capabilities.KernelRelease,
            WhyNotFixed = plan.Load.WhyNotFixed,
            Devices = [.. Run.Target.Devices.Select(device => new BenchDeviceReport(
                device.Path, Run.Target.Blocks * request.BlockBytes, device.LogicalBlockSize, device.IsDirect))],
            Failure = Run.Failure,
            Settings = request,
        };
    }
}
