using DmIoUring.DeviceTests.Support;
using DmIoUring.TestSupport;
using DmIoUring.Threading;

namespace DmIoUring.DeviceTests.Client;

/// <summary>A process whose thread pool does nothing more: the library waits for nothing of it.</summary>
public sealed class FullThreadPoolTests
{
    [Fact]
    public void WithoutAThreadOfThePool_EveryOperationEnds_AndEveryDisposeReturns()
    {
        using (TestDevice device = new())
            Require.Discards(device.Path);
        ExplicitTest.AssertPasses(["env"], typeof(FullThreadPoolTests), nameof(RunOnAFullThreadPool));
    }

    /// <summary>Meaningful only in the process that the test above starts: no other test would get a thread.</summary>
    [Fact(Explicit = true)]
    public void RunOnAFullThreadPool()
    {
        // Before: making a device starts programs, whose output is read by the pool.
        using TestDevice with = new();
        using TestDevice without = OperationTests.WithoutDiscard();

        FullThreadPool.Run(() =>
        {
            WaitForATask();
            Serve(with, without);
        });
    }

    /// <summary>As a Dispose waits for its lanes, but surely before the task ends.</summary>
    private static void WaitForATask()
    {
        TaskCompletionSource source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread waiter = new(() => UninterruptedWait.WaitFor(source.Task, Timeout.InfiniteTimeSpan));
        waiter.Start();
        Assert.True(SpinWait.SpinUntil(() => (waiter.ThreadState & ThreadState.WaitSleepJoin) != 0, Notification.Limit));
        source.SetResult();
        Assert.True(waiter.Join(Notification.Limit), "A wait for a task waits for the thread pool.");
    }

    private static void Serve(TestDevice with, TestDevice without)
    {
        using IoMemory data = Pattern.Memory(4096);
        foreach (IoRingKind ring in (IoRingKind[])[IoRingKind.Automatic, IoRingKind.Workers])
        {
            // Without a limit: a Dispose that waited for the pool would not return. Asleep: a lane that is awake ends before anybody waits for it.
            using DmIoClient client = new(new DmIoOptions { Ring = ring, DisposeTimeLimit = Timeout.InfiniteTimeSpan, WaitPolicy = IoWaitPolicy.Sleep });
            using PageReservation reservation = client.Reserve(16);
            IoRegion[] regions = [with.Region(0, 8), without.Region(0, 8)];
            Notification[] ended = [new(), new(), new(), new()];
            client.SubmitWrite(regions, data, Notification.Arrived, ended[0]);
            Assert.Equal(default, ended[0].Wait());
            client.SubmitDiscard(regions, Notification.Arrived, ended[1]);
            Assert.Equal("0b10", ended[1].Wait().Unsupported.ToString());
            client.SubmitWriteZeroes(regions, Notification.Arrived, ended[2]);
            Assert.Equal(default, ended[2].Wait());
            client.SubmitFlush(regions, Notification.Arrived, ended[3]);
            Assert.Equal(default, ended[3].Wait());
            Assert.Equal("0b10", client.Discard(regions).Unsupported.ToString());
            Assert.Equal(default, client.Write(regions, data));
        }

        with.Device.Dispose();
        without.Device.Dispose();
    }
}
