using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>What a callback may do.</summary>
public sealed class CallbackTests
{
    [Fact]
    public void TheContext_ComesBackAsItWas()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        TaskCompletionSource<object?> seen = new();
        object context = new();
        client.SubmitRead(device.Region(0, 8), memory, (_, given) => seen.SetResult(given), context);
        Assert.Same(context, Wait(seen));

        TaskCompletionSource<object?> none = new();
        client.SubmitRead(device.Region(0, 8), memory, (_, given) => none.SetResult(given));
        Assert.Null(Wait(none));
    }

    [Fact]
    public void ARegionThatFailsBeforeAnyIo_IsToldByCallback_OnALane()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        TaskCompletionSource<(IoResult Result, Thread Thread)> seen = new();
        client.SubmitRead(
            device.Region(device.Device.SectorCount, 8), memory, (result, _) => seen.SetResult((result, Thread.CurrentThread)));
        (IoResult result, Thread thread) = Wait(seen);
        Assert.Equal(IoFailureCause.BeyondEnd, result.First.Cause);
        Assert.NotSame(Thread.CurrentThread, thread);
    }

    /// <summary>Whatever has ended the request: the kernel, a rule before it, a time limit, a cancellation.</summary>
    [Theory]
    [InlineData("read")]
    [InlineData("three legs")]
    [InlineData("beyond the end")]
    [InlineData("borrowed handle")]
    [InlineData("nothing to do")]
    public void WhileACallbackBlocks_TheLanesStatusTellsOfIt_AndOfItsDevice(string what)
    {
        using DmIoClient client = new();
        using TestDevice other = new();
        using TestDevice own = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using BlockDevice borrowed = BlockDevice.FromHandle(File.OpenHandle(own.Path), ownsHandle: true);
        Notification first = new();
        client.SubmitRead(other.Region(0, 8), memory, Notification.Arrived, first);
        Assert.Equal(default, first.Wait());
        BlockDevice expected = what switch { "borrowed handle" => borrowed, _ => own.Device };
        using ManualResetEventSlim held = new();
        using ManualResetEventSlim release = new();
        IoNotify blocks = (_, _) =>
        {
            held.Set();
            release.Wait(Notification.Limit);
        };
        if (what is "three legs")
            client.SubmitWrite([own.Region(0, 8), other.Region(0, 8), other.Region(8, 8)], memory, blocks);
        else
            client.SubmitRead(new IoRegion(expected, what is "beyond the end" ? own.Device.SectorCount : 0, what is "nothing to do" ? 0 : 8), memory, blocks);
        Assert.True(held.Wait(Notification.Limit));
        try
        {
            Assert.True(SpinWait.SpinUntil(() => client.GetLaneStatus()[0].DispatchingFor > TimeSpan.FromMilliseconds(1), Notification.Limit), "No word of the callback that blocks.");
            Assert.Equal(expected.Path, client.GetLaneStatus()[0].LastDevice);
            Assert.True(client.Statistics.LongestDispatch > TimeSpan.FromMilliseconds(1));
        }
        finally
        {
            release.Set();
        }

        Assert.True(SpinWait.SpinUntil(() => client.GetLaneStatus()[0].DispatchingFor == TimeSpan.Zero, Notification.Limit));
    }

    [Fact]
    public void ACallback_MaySubmit_AThousandDeep()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        TaskCompletionSource<int> done = new();
        int count = 0;
        IoNotify notify = null!;
        notify = (result, _) =>
        {
            if (!result.IsSuccess || ++count == 1000)
                done.SetResult(count);
            else
                client.SubmitWrite(device.Region(count % 256 * 8, 8), data, notify);
        };
        client.SubmitWrite(device.Region(0, 8), data, notify);
        Assert.Equal(1000, Wait(done));
        for (int i = 0; i < 256; i++)
            device.AssertHolds(i * 8, data.GetSpan());
    }

    [Fact]
    public void ACallback_MaySubmitMoreThanTheQueueTakes()
    {
        using DmIoClient client = new(new DmIoOptions { QueueDepth = 2 });
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using CountdownEvent left = new(200);
        client.SubmitRead(device.Region(0, 8), memory, (_, _) =>
        {
            for (int i = 0; i < 200; i++)
                client.SubmitRead(device.Region(i * 8, 8), memory, (_, _) => left.Signal());
        });
        Assert.True(left.Wait(Notification.Limit));
    }

    [Fact]
    public void ACallback_MayDisposeTheClient()
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        DmIoClient client = new();
        TaskCompletionSource<Exception?> done = new();
        client.SubmitRead(device.Region(0, 8), memory, (_, _) => done.SetResult(Record.Exception(client.Dispose)));
        Assert.Null(Wait(done));
        Assert.Throws<ObjectDisposedException>(() => client.SubmitRead(device.Region(0, 8), memory, Notification.Arrived));

        // From outside it waits for the lane's end, which is near.
        client.Dispose();
    }

    [Fact]
    public void ACallbackThatDisposesTheClient_LeavesNoOtherRequestBehind()
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        for (int round = 0; round < 50; round++)
        {
            DmIoClient client = new(new DmIoOptions { Lanes = 2, QueueDepth = 4 });
            Notification[] others = [.. Enumerable.Range(0, 32).Select(_ => new Notification())];
            TaskCompletionSource<bool> disposed = new();
            foreach (Notification other in others.AsSpan(0, 16))
                client.SubmitRead(device.Region(0, 8), memory, Notification.Arrived, other);
            client.SubmitRead(device.Region(0, 8), memory, (_, _) =>
            {
                foreach (Notification other in others.AsSpan(16))
                    client.SubmitRead(device.Region(8, 8), memory, Notification.Arrived, other);
                client.Dispose();
                disposed.SetResult(true);
            });
            Assert.All(others, other => Assert.True(other.Wait().IsSuccess));
            Assert.True(Wait(disposed));
            client.Dispose();
            Assert.All(others, other => Assert.Equal(1, other.Calls));
        }
    }

    [Fact]
    public void ACallbackThatThrows_IsReportedOnce_AndTheClientGoesOn()
    {
        List<Exception> reported = [];
        using DmIoClient client = new(new DmIoOptions { CallbackFailed = reported.Add });
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        InvalidOperationException thrown = new("from the callback");
        client.SubmitRead(device.Region(0, 8), memory, (_, _) => throw thrown);
        Notification next = new();
        client.SubmitRead(device.Region(0, 8), memory, Notification.Arrived, next);
        Assert.True(next.Wait().IsSuccess);
        client.Dispose();
        Assert.Same(thrown, Assert.Single(reported));
        Assert.Equal(1, client.Statistics.CallbackExceptions);
    }

    [Fact]
    public void AHandlerThatThrowsItself_StopsNothing()
    {
        using DmIoClient client = new(new DmIoOptions { CallbackFailed = exception => throw new InvalidOperationException("again", exception) });
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        for (int i = 0; i < 10; i++)
            client.SubmitRead(device.Region(0, 8), memory, (_, _) => throw new InvalidOperationException("from the callback"));
        Notification next = new();
        client.SubmitRead(device.Region(0, 8), memory, Notification.Arrived, next);
        Assert.True(next.Wait().IsSuccess);
        client.Dispose();
        Assert.Equal(10, client.Statistics.CallbackExceptions);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(1024)]
    public void ASynchronousCallInACallback_IsServed(long sectors)
    {
        using DmIoClient client = new(new DmIoOptions { ChunkBytes = 64 << 10 });
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(sectors * 512);
        TaskCompletionSource<IoResult> seen = new();
        client.SubmitRead(device.Region(0, 0), memory, (_, _) => seen.SetResult(client.Read(device.Region(0, sectors), memory)));
        Assert.Equal(default, Wait(seen));
        Assert.False(memory.GetSpan().ContainsAnyExcept(TestDevice.Untouched));
    }

    [Fact]
    public void ASyncCallInACallback_OnlyItsLaneCouldServe_IsRefused()
    {
        using DmIoClient client = new(new DmIoOptions { ChunkBytes = 64 << 10, SyncRings = 0 });
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(1 << 20);
        TaskCompletionSource<Exception?> seen = new();
        client.SubmitRead(
            device.Region(0, 0), memory, (_, _) => seen.SetResult(Record.Exception(() => client.Read(device.Region(0, 2048), memory))));
        string message = Assert.IsType<InvalidOperationException>(Wait(seen)).Message;
        Assert.Contains("DmIoOptions.SyncRings", message, StringComparison.Ordinal);
        Assert.Equal(default, client.Read(device.Region(0, 2048), memory));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CodeAfterAnAwait_RunsOnTheLane_OnlyWhenAskedTo(bool inline)
    {
        await using DmIoClient client = new(new DmIoOptions { InlineContinuations = inline });
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        Task<bool> ranOnTheLane = Task.Run(async () =>
        {
            // A request that has ended before it is awaited goes on where it is, and one that ends just then on the thread pool, so a few are tried.
            for (int i = 0; i < 1000; i++)
            {
                await client.ReadAsync(device.Region(0, 8), memory);
                if (Thread.CurrentThread.Name?.StartsWith("dmio lane", StringComparison.Ordinal) == true)
                    return true;
            }

            return false;
        });
        Assert.Equal(inline, await ranOnTheLane.WaitAsync(Notification.Limit));
    }

    [Fact]
    public void WhenTheCallbackRuns_TheBufferIsTheCallersAgain()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        TaskCompletionSource<IoResult> done = new();
        IoMemory memory = Pattern.Memory(4096);
        client.SubmitWrite(device.Region(0, 8), memory, (result, _) =>
        {
            memory.Dispose();
            done.SetResult(result);
        });
        Assert.Equal(default, Wait(done));
        device.AssertHolds(0, Pattern.Bytes(4096));
    }

    [Fact]
    public void AFailure_IsTheSameForCallbackAndTask()
    {
        using ClientUnderTest callback = new(CallWay.Callback);
        using ClientUnderTest task = new(CallWay.Awaited);
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        device.Loop.Resize(4096);
        IoResult expected = new(new RegionBits(0b10), default, new IoFailure(1, 8, Errno.ENOSPC, IoFailureCause.Device));
        Assert.Equal(expected, callback.Write([device.Region(0, 8), device.Region(8, 8)], memory));
        Assert.Equal(expected, task.Write([device.Region(0, 8), device.Region(8, 8)], memory));
    }

    private static T Wait<T>(TaskCompletionSource<T> source)
    {
        Assert.True(source.Task.Wait(Notification.Limit), $"Nothing within {Notification.Limit}.");
        return source.Task.Result;
    }

    [Fact]
    public void ACallbackThatBlocks_ShowsInTheStatistics()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        using DmIoClient client = new();
        using ManualResetEventSlim done = new();
        TimeSpan blocks = TimeSpan.FromMilliseconds(50);

        client.SubmitWrite(
            device.Region(0, 8),
            data,
            (_, _) =>
            {
                Thread.Sleep(blocks);
                done.Set();
            });
        done.Wait(TestContext.Current.CancellationToken);
        client.Dispose();

        Assert.True(client.Statistics.LongestDispatch >= blocks - TimeSpan.FromMilliseconds(1), client.Statistics.LongestDispatch.ToString());
    }
}
