using DmIoUring.DeviceTests.Support;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Callbacks on the thread pool: what they may do that those on a lane may not, and what holds as it does there.</summary>
public sealed class PoolCallbackTests
{
    private static readonly DmIoOptions OnThePool = new() { Callbacks = IoCallbackThreads.ThreadPool };

    [Theory]
    [InlineData(IoRingKind.Automatic)]
    [InlineData(IoRingKind.Workers)]
    public void ACallback_MayWaitForAnotherRequestOfItsLane(IoRingKind ring)
    {
        using DmIoClient client = new(OnThePool with { Ring = ring });
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        TaskCompletionSource<IoResult[]> seen = new();
        client.SubmitRead(device.Region(0, 8), memory, (_, _) =>
        {
            Notification inner = new();
            client.SubmitRead(device.Region(8, 8), memory, Notification.Arrived, inner);
            seen.SetResult([inner.Wait(), client.Read(device.Region(16, 8), memory), client.ReadAsync(device.Region(24, 8), memory).AsTask().GetAwaiter().GetResult()]);
        });
        Assert.True(seen.Task.Wait(Notification.Limit));
        Assert.All(seen.Task.Result, static result => Assert.Equal(default, result));
    }

    [Fact]
    public void CallbacksThatBlock_HoldUpNoOther()
    {
        using DmIoClient client = new(OnThePool);
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using ManualResetEventSlim end = new();
        using CountdownEvent blocked = new(4);
        using CountdownEvent ended = new(4);
        try
        {
            for (int i = 0; i < 4; i++)
            {
                client.SubmitRead(device.Region(0, 8), memory, (_, _) =>
                {
                    blocked.Signal();
                    end.Wait();
                    ended.Signal();
                });
            }

            Assert.True(blocked.Wait(Notification.Limit), $"{blocked.CurrentCount} of 4 callbacks did not begin while the others block.");
            Notification other = new();
            client.SubmitRead(device.Region(8, 8), memory, Notification.Arrived, other);
            Assert.Equal(default, other.Wait());
        }
        finally
        {
            end.Set();
        }

        Assert.True(ended.Wait(Notification.Limit));
    }

    [Fact]
    public void ACallback_WaitsForTheReserve_InsteadOfExceedingIt()
    {
        using DmIoClient client = new(OnThePool);
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using PageReservation reservation = client.Reserve(0, 1);
        Notification inner = new();
        client.SubmitRead(device.Region(0, 8), memory, (_, _) => client.SubmitRead(device.Region(8, 8), memory, Notification.Arrived, inner));
        for (int i = 0; i < 100; i++)
        {
            Notification outer = new();
            client.SubmitRead(device.Region(0, 8), memory, Notification.Arrived, outer);
            Assert.Equal(default, outer.Wait());
        }

        Assert.Equal(default, inner.Wait());
        Assert.Equal(0, client.Statistics.Overdrafts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dispose_WaitsForACallback_AndNamesItWhenItGivesUp(bool asynchronously)
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using ManualResetEventSlim end = new();
        List<IoUnfinished> reports = [];
        DmIoClient client = new(OnThePool with { DisposeTimeLimit = TimeSpan.FromMilliseconds(50), DisposeGaveUp = reports.Add });
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int returned = 0;
        client.SubmitRead(device.Region(0, 8), memory, (_, _) =>
        {
            begun.SetResult();
            end.Wait();
            Interlocked.Increment(ref returned);
        });
        await begun.Task.WaitAsync(Notification.Limit, TestContext.Current.CancellationToken);
        if (asynchronously)
            await client.DisposeAsync();
        else
            client.Dispose();
        IoUnfinished report = Assert.Single(reports);
        Assert.Equal((1, 0, 0), (report.RunningCallbacks, report.BlockedLanes, report.Requests.Count));
        Assert.Contains("1 callbacks on the thread pool", report.ToString(), StringComparison.Ordinal);

        end.Set();
        do
        {
            reports.Clear();
            client.Dispose();
        }
        while (reports.Count > 0);
        Assert.Equal(1, Volatile.Read(ref returned));
    }

    [Fact]
    public void ACallback_MayDisposeItsClient_WhichDoesNotWaitForIt()
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        DmIoClient client = new(OnThePool with { DisposeTimeLimit = Timeout.InfiniteTimeSpan });
        Notification[] others = [.. Enumerable.Range(0, 64).Select(static _ => new Notification())];
        TaskCompletionSource<Exception?> disposed = new();
        foreach (Notification other in others)
            client.SubmitRead(device.Region(8, 8), memory, Notification.Arrived, other);
        client.SubmitRead(device.Region(0, 8), memory, (_, _) => disposed.SetResult(Record.Exception(client.Dispose)));
        Assert.True(disposed.Task.Wait(Notification.Limit));
        Assert.Null(disposed.Task.Result);

        // From outside it waits until every callback has returned.
        client.Dispose();
        Assert.All(others, static other => Assert.Equal(1, other.Calls));
    }

    [Fact]
    public void ACallbackThatThrows_IsReported_AndTheOthersRun()
    {
        List<Exception> reported = [];
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using (DmIoClient client = new(OnThePool with { CallbackFailed = reported.Add }))
        {
            client.SubmitRead(device.Region(0, 8), memory, static (_, _) => throw new InvalidDataException("mine"));
            Notification other = new();
            client.SubmitRead(device.Region(8, 8), memory, Notification.Arrived, other);
            Assert.Equal(default, other.Wait());
        }

        Assert.Equal("mine", Assert.IsType<InvalidDataException>(Assert.Single(reported)).Message);
    }

    [Fact]
    public void TryComplete_InACallback_RunsNone()
    {
        using DmIoClient client = new(OnThePool);
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        TaskCompletionSource<int> ran = new();
        Notification[] others = [.. Enumerable.Range(0, 64).Select(static _ => new Notification())];
        foreach (Notification other in others.AsSpan(0, 32))
            client.SubmitRead(device.Region(8, 8), memory, Notification.Arrived, other);
        client.SubmitRead(device.Region(0, 8), memory, (_, _) => ran.SetResult(client.TryComplete()));
        foreach (Notification other in others.AsSpan(32))
            client.SubmitRead(device.Region(8, 8), memory, Notification.Arrived, other);
        Assert.True(ran.Task.Wait(Notification.Limit));
        Assert.Equal(0, ran.Task.Result);
        Assert.All(others, static other => Assert.Equal(default, other.Wait()));
    }

    [Fact]
    public void TryComplete_WhereCallbacksAreTheLanes_RunsNone()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        Notification one = new();
        client.SubmitRead(device.Region(0, 8), memory, Notification.Arrived, one);
        Assert.Equal(default, one.Wait());
        Assert.Equal(0, client.TryComplete());
    }

    [Fact]
    public void WithoutAThreadOfThePool_TryComplete_RunsTheCallbacks_OnTheCaller() =>
        ExplicitTest.AssertPasses(["env"], typeof(PoolCallbackTests), nameof(CompleteOnAFullThreadPool));

    /// <summary>Meaningful only in the process that the test above starts: no other test would get a thread.</summary>
    [Fact(Explicit = true)]
    public void CompleteOnAFullThreadPool()
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);

        FullThreadPool.Run(() => Complete(device, memory));
    }

    private static void Complete(TestDevice device, IoMemory memory)
    {
        using DmIoClient client = new(OnThePool with { DisposeTimeLimit = Timeout.InfiniteTimeSpan });
        int caller = Environment.CurrentManagedThreadId;
        int left = 100;
        for (int i = 0; i < 100; i++)
        {
            client.SubmitRead(device.Region(i * 8, 8), memory, (result, _) =>
            {
                Assert.Equal(default, result);
                Assert.Equal(caller, Environment.CurrentManagedThreadId);
                left--;
            });
        }

        int ran = 0;
        while (left > 0)
        {
            ran += client.TryComplete();
            Thread.Sleep(0);
        }

        Assert.Equal(100, ran);
        Assert.Equal(0, client.Statistics.CallbackExceptions);
    }
}
