using System.Diagnostics;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>What a call takes before its request is handed over, and what becomes of that when the call fails half-way.</summary>
public sealed class AdmissionTests
{
    private const int Reserved = 4;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ARefusedBatch_LeavesNoContextBehind(bool onReactor)
    {
        using TestDevice device = new(DeviceKind.File);
        using TestDevice gone = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        gone.Device.Dispose();
        IoNotify never = (_, _) => Assert.Fail("A request of a refused batch ended.");
        IoRequest[] batch = [.. Enumerable.Range(0, 4).Select(i => IoRequest.Write((i == 2 ? gone : device).Region(i * 8, 8), data, never, "of a refused batch"))];
        List<object?> contexts = [];
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        if (onReactor)
        {
            using IoReactor reactor = new();
            reactor.SubmitRead(device.Region(0, 8), data, (_, _) => RefuseThenRead(reactor.Submit, reactor.SubmitRead));
            while (!done.Task.IsCompleted)
                reactor.Poll(1);
        }
        else
        {
            using DmIoClient client = new();
            client.SubmitRead(device.Region(0, 8), data, (_, _) => RefuseThenRead(client.Submit, client.SubmitRead));
            Assert.True(done.Task.Wait(Notification.Limit));
        }

        Assert.Equal([null, null, null, null], contexts);

        void RefuseThenRead(SubmitBatch submit, SubmitOne read)
        {
            Assert.Throws<ObjectDisposedException>(() => submit(batch));
            unsafe
            {
                for (int i = 0; i < batch.Length; i++)
                    read(device.Region(0, 8), IoBuffer.Contiguous(data.Pointer, 4096), Note);
            }
        }

        void Note(IoResult result, object? context)
        {
            contexts.Add(context);
            if (contexts.Count == batch.Length)
                done.SetResult();
        }
    }

    [Fact]
    public void ABatchThatNeedsMorePagesThanAreReserved_EndsAsOneByOne()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(8192);
        using DmIoClient client = new();
        using PageReservation reserve = client.Reserve(Reserved);
        Notification[] notifications = [.. Enumerable.Range(0, 9).Select(static _ => new Notification())];
        IoRequest[] batch = [.. notifications.Select((notification, i) =>
            IoRequest.Write(device.Region(i * 16, 16), data, Notification.Arrived, notification, IoFlags.StableCopy))];
        Thread submitter = new(() => Record.Exception(() => client.Submit(batch))) { IsBackground = true };
        submitter.Start();
        Assert.True(submitter.Join(Notification.Limit), "The batch waits for pages that it holds itself.");
        Assert.All(notifications, static notification => Assert.Equal(default, notification.Wait()));
        Assert.Equal(Reserved, client.Pages.FreePages);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ABatchThatFindsNoPages_WhereNobodyMayWait_IsRefusedWhole(bool onReactor)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(8192);
        IoRequest[] batch = [.. Enumerable.Range(0, 3).Select(i =>
            IoRequest.Write(device.Region(i * 16, 16), data, static (_, _) => Assert.Fail("It ended."), null, i == 0 ? IoFlags.None : IoFlags.StableCopy))];
        batch = [.. batch, .. batch[1..]];
        if (onReactor)
        {
            using IoReactor reactor = new();
            using PageReservation reserve = reactor.Reserve(Reserved);
            Assert.Throws<PageShortageException>(() => reactor.Submit(batch));
            Assert.Equal((0, Reserved), (reactor.UnderWay, reactor.Pages.FreePages));
        }
        else
        {
            using DmIoClient client = new();
            using PageReservation reserve = client.Reserve(Reserved);
            TaskCompletionSource<Exception?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
            client.SubmitRead(new IoRegion(device.Device, 0, 0), default, (_, _) => done.SetResult(Record.Exception(() => client.Submit(batch))));
            Assert.True(done.Task.Wait(Notification.Limit));
            Assert.IsType<PageShortageException>(done.Task.Result);
            client.Dispose();
            Assert.Equal((1, 0), (client.Statistics.Requests, client.Statistics.CallbackExceptions));
        }

        device.AssertUntouched();
    }

    [Fact]
    public void WhoWaitsForPages_HoldsNoRequestMeanwhile()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using DmIoClient client = new();
        using PageReservation reserve = client.Reserve(1);
        PageList page = client.Pages.RentPages(1);
        Notification copied = new();
        Thread waiter = new(() => client.SubmitWrite(device.Region(8, 8), data, Notification.Arrived, copied, IoFlags.StableCopy)) { IsBackground = true };
        waiter.Start();
        Assert.True(SpinWait.SpinUntil(() => client.Pages.Waiting == 1, Notification.Limit));

        // The only page is given back by the end of the only request, which the waiter must not have.
        Notification written = new();
        Thread writer = new(() => client.SubmitWrite(device.Region(0, 8), page, Notification.Arrived, written)) { IsBackground = true };
        writer.Start();
        Assert.True(writer.Join(Notification.Limit), "The thread that waits for pages keeps the only request.");
        Assert.Equal(default, written.Wait());
        page.Dispose();
        Assert.Equal(default, copied.Wait());
        device.AssertHolds(8, data.GetSpan());
    }

    [Fact]
    public void TrySubmit_OfACopyThatTheReserveCanNeverHold_IsRefusedWithAdvice()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(8192);
        using DmIoClient client = new();
        IoRegion[] regions = [device.Region(0, 16)];
        AssertRefused();
        using PageReservation reserve = client.Reserve(1);
        AssertRefused();
        device.AssertUntouched();

        void AssertRefused()
        {
            InvalidOperationException refused = Assert.Throws<PageShortageException>(
                () => client.TrySubmitWrite(regions, data, Notification.Arrived, null, IoFlags.StableCopy));
            Assert.Contains("Reserve more first", refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AStableCopy_TakesPagesForWhatTheRegionsUse_NotForTheBuffer(CallWay way)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(1 << 20);
        using ClientUnderTest client = new(way);
        using PageReservation reserve = client.Reserve(4);
        IoRegion[] regions =
        [
            device.Region(0, 8) with { BufferOffset = 512 << 10 },
            device.Region(64, 16) with { BufferOffset = (512 << 10) + 4096 },
            device.Region(128, 0) with { BufferOffset = 0 },
        ];
        Assert.Equal(default, client.Write(regions, data, IoFlags.StableCopy));
        device.AssertHolds(0, data.GetSpan().Slice(512 << 10, 4096));
        device.AssertHolds(64, data.GetSpan().Slice((512 << 10) + 4096, 8192));
        Assert.Equal(4, client.Pages.FreePages);
    }

    [Fact]
    public void AnInlineContinuationThatThrows_IsReportedLikeACallback()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        List<Exception> reported = [];
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using DmIoClient client = new(new DmIoOptions
        {
            InlineContinuations = true,
            CallbackFailed = exception =>
            {
                reported.Add(exception);
                told.SetResult();
            },
        });
        InvalidTimeZoneException thrown = new("out of a continuation");
        HeldLane held = new(client, device.Region(0, 8), data);
#pragma warning disable CA2012 // The await, spelled out: an async method would keep the exception.
        client.ReadAsync(device.Region(0, 8), data).GetAwaiter().OnCompleted(() => throw thrown);
#pragma warning restore CA2012
        held.Release();
        Assert.True(told.Task.Wait(Notification.Limit));
        Assert.Equal([thrown], reported);
        Notification next = new();
        client.SubmitRead(device.Region(0, 8), data, Notification.Arrived, next);
        Assert.Equal(default, next.Wait());
        Assert.Equal(1, client.Statistics.CallbackExceptions);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CallbacksThatDisposeEachOthersClients_DoNotWait(bool fromAReactor)
    {
        DmIoOptions forEver = new() { DisposeTimeLimit = Timeout.InfiniteTimeSpan };
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        DmIoClient left = new(forEver);
        DmIoClient right = new(forEver);
        using Barrier both = new(2);
        using CountdownEvent returned = new(2);
        if (fromAReactor)
        {
            Thread owner = new(() =>
            {
                using IoReactor reactor = new();
                reactor.SubmitRead(device.Region(0, 8), data, (_, _) => DisposeTogether(right));
                reactor.Poll(1);
            })
            { IsBackground = true };
            owner.Start();
            right.SubmitRead(device.Region(0, 8), data, (_, _) => DisposeTogether(left));
        }
        else
        {
            left.SubmitRead(device.Region(0, 8), data, (_, _) => DisposeTogether(right));
            right.SubmitRead(device.Region(0, 8), data, (_, _) => DisposeTogether(left));
        }

        Assert.True(returned.Wait(Notification.Limit), "Callbacks wait for each other's lanes.");
        left.Dispose();
        right.Dispose();

        void DisposeTogether(DmIoClient other)
        {
            both.SignalAndWait(Notification.Limit);
            other.Dispose();
            if (fromAReactor)
                both.SignalAndWait(Notification.Limit);
            returned.Signal();
        }
    }

    [Fact]
    public void ADisposeThatGivesUp_AsksAllLanesAtOnce()
    {
        const int lanes = 16;
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        IoUnfinished? unfinished = null;
        DmIoClient client = new(new DmIoOptions
        {
            Lanes = lanes,
            DisposeTimeLimit = TimeSpan.FromMilliseconds(50),
            DisposeGaveUp = report => unfinished = report,
        });
        using ManualResetEventSlim release = new();
        using CountdownEvent entered = new(lanes);
        for (int i = 0; i < lanes; i++)
        {
            client.SubmitRead(device.Region(0, 8), data, (_, _) =>
            {
                entered.Signal();
                release.Wait(Notification.Limit);
            });
        }

        Assert.True(entered.Wait(Notification.Limit));
        long start = Stopwatch.GetTimestamp();
        client.Dispose();
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        release.Set();
        Assert.Equal(lanes, unfinished?.BlockedLanes);

        // One after the other it would be a second a lane.
        Assert.True(took < TimeSpan.FromSeconds(lanes / 2), $"It took {took}.");
        client.Dispose();
    }

    private delegate void SubmitBatch(ReadOnlySpan<IoRequest> requests);

    private delegate void SubmitOne(IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default);
}
