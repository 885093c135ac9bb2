using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>A completion that comes once more, or too late, ends nothing.</summary>
public sealed class StaleCompletionTests
{
    [Fact]
    public void OfASlotThatIsUsedAgain_IsIgnored()
    {
        using RingScript script = new(capacity: 1, queueLength: 1);
        using EngineBench bench = new(script);
        IoRegion block = new(bench.Devices[0], 0, bench.Block);
        Assert.True(bench.Write(block).IsSuccess);
        IoUringSqe first = script.Taken[0];
        script.Keeps = static _ => true;
        Request second = bench.Start(IoOperation.Write, block);
        bench.Engine.Turn(wait: false);
        Assert.Equal((uint)first.user_data, (uint)script.Taken[1].user_data);

        script.Completions.Enqueue(new IoUringCqe { user_data = first.user_data, res = script.Whole(first) });
        bench.Engine.Turn(wait: false);

        Assert.False(second.IsDone);
        Assert.Equal(1, bench.Counters.Stale);
        script.Keeps = static _ => false;
        bench.RunToEnd(second);
        Assert.True(second.Result.IsSuccess);
    }
}
