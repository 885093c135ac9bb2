using DmIoUring.Cli.Bench;

namespace DmIoUring.CommandTests.Cli;

/// <summary>The bench's latencies of several devices.</summary>
public sealed class LatencyRecorderTests
{
    private const int Targets = 64;

    [Fact]
    public void OfManyTargets_NothingIsAllocatedWhileItIsMeasured_AndEachTimeCounts()
    {
        LatencyRecorder recorder = new(threads: 80, Targets);
        for (int target = 0; target < Targets / 2; target++)
            recorder.Prepare(target);
        Record();

        long before = GC.GetAllocatedBytesForCurrentThread();
        Record();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.Equal(2 * Targets, recorder.Merge().TotalCount);
        Assert.All(Enumerable.Range(0, Targets), target => Assert.Equal(2, recorder.MergeOf(target).TotalCount));

        void Record()
        {
            for (int target = 0; target < Targets; target++)
                recorder.Record(1000, target);
        }
    }

    [Fact]
    public void OfManyTargets_ARecorderTakesMemoryForNoThreadThatHasNotRecorded()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        LatencyRecorder recorder = new(threads: 80, Targets);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, recorder.Merge().TotalCount);
        Assert.InRange(allocated, 0, 64 << 20);
    }

    [Fact]
    public async Task ThreadsWithoutARamp_RecordEveryTime()
    {
        const int threads = 4;
        LatencyRecorder recorder = new(threads, targets: 2);
        await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 1000; i++)
                recorder.Record(100, target: 1);
        })));
        Assert.Equal(threads * 1000, recorder.MergeOf(1).TotalCount);
    }
}
