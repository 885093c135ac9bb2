using DmIoUring.DeviceTests.Rings;
using DmIoUring.Drivers;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>
/// io_uring_enter answers what leaves open which entries the kernel has: the ring is not used again, no buffer is given back early, every request
/// ends, and nothing is carried out later.
/// </summary>
public sealed class LostRingTests
{
    private static readonly CallWay[] EveryWay =
        [CallWay.Sync, CallWay.SyncOnLane, CallWay.Callback, CallWay.Awaited, CallWay.NestedCallback, CallWay.Reactor];

    private static readonly int[] Fatal =
    [
        Errno.EBADR, Errno.ENOMEM, Errno.EBADF, Errno.EBADFD, Errno.ENXIO, Errno.EOPNOTSUPP, Errno.EINVAL, Errno.EFAULT, Errno.EPERM,
        Errno.EACCES, Errno.ENOSYS, Errno.EEXIST, Errno.EOWNERDEAD, Errno.EIO,
    ];

    private static readonly int[] Passing = [Errno.EINTR, Errno.EAGAIN, Errno.EBUSY, Errno.ETIME];

    public static TheoryData<CallWay, int, bool> Faults => Table([.. Fatal, .. Passing]);

    public static TheoryData<CallWay, int, bool> FatalFaults => Table(Fatal);

    public static TheoryData<CallWay, IoCompletionPolling, int, bool> PollingFaults
    {
        get
        {
            TheoryData<CallWay, IoCompletionPolling, int, bool> table = [];
            foreach (CallWay way in new[] { CallWay.Callback, CallWay.Awaited, CallWay.NestedCallback, CallWay.Batch, CallWay.Reactor, CallWay.ReactorBatch })
            {
                foreach (IoCompletionPolling completions in Enum.GetValues<IoCompletionPolling>())
                {
                    table.Add(way, completions, Errno.EBADR, true);
                    table.Add(way, completions, Errno.ENOMEM, false);
                }
            }

            return table;
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void AfterOneCallThatFails_EveryRequestEndsWell_OnAnotherRing(CallWay way, int errno, bool taken) =>
        AssertEndWellAfterOneCallThatFails(way, options: null, errno, taken);

    /// <summary>The ring whose devices are polled has a companion, which is closed with it; of the other the kernel's own thread takes the entries.</summary>
    [Theory]
    [MemberData(nameof(PollingFaults))]
    public void APollingRingThatIsLost_IsReplaced_AndEveryRequestEndsWell(CallWay way, IoCompletionPolling completions, int errno, bool taken) =>
        AssertEndWellAfterOneCallThatFails(
            way,
            new DmIoOptions { CompletionPolling = completions, SubmissionPolling = completions == IoCompletionPolling.None ? TimeSpan.FromMilliseconds(1) : null },
            errno,
            taken);

    [Theory]
    [MemberData(nameof(FatalFaults))]
    public void WhileEveryCallFails_RequestsFail_AndThenTheClientContinues(CallWay way, int errno, bool taken)
    {
        FaultyCalls calls = new() { Answer = errno, TakesEntries = taken };
        using TestDevice first = new();
        using TestDevice second = new(DeviceKind.File);
        using ClientUnderTest client = new(way, options: null, new KernelRingSource(calls));
        Assert.Equal(default, Write(client, first, second, 0, seed: 1));
        calls.Fail(int.MaxValue);
        for (int i = 1; i < 4; i++)
        {
            IoResult result = Write(client, first, second, i * 8, seed: i + 1);
            Assert.True(result.Unsupported.IsEmpty, result.ToString());
            AssertLostOrDone(first, 0);
            AssertLostOrDone(second, 1);

            void AssertLostOrDone(TestDevice device, int leg)
            {
                // What the kernel has taken it may complete before the call that fails: then it is done.
                if (!result.Failed[leg])
                    Assert.True(taken, "The leg can't have been written.");
                if (!result.Failed[leg])
                    device.AssertHolds(i * 8, Pattern.Bytes(4096, i + 1));
                else if (result.First.Region == leg)
                    Assert.Equal(new IoFailure(leg, i * 8, errno, IoFailureCause.RingLost), result.First);
            }
        }

        calls.Fail(0);
        IoResult last = default;
        Assert.True(SpinWait.SpinUntil(() => (last = Write(client, first, second, 32, seed: 5)).IsSuccess, Notification.Limit), last.ToString());
        first.AssertHolds(32, Pattern.Bytes(4096, 5));
        second.AssertHolds(32, Pattern.Bytes(4096, 5));
    }

    /// <summary>The requests of a batch, many at once, on held devices and registered pages; each ends once.</summary>
    [Theory]
    [InlineData(Errno.EBADR, true)]
    [InlineData(Errno.EBADR, false)]
    [InlineData(Errno.ENOMEM, true)]
    public void ABatchWhoseRingIsLost_EndsEachOfItsRequestsOnce(int errno, bool taken)
    {
        const int count = 200;
        FaultyCalls calls = new() { Answer = errno, TakesEntries = taken };
        using TestDevice device = new();
        using DmIoClient client = new(new DmIoOptions { QueueDepth = 64 }, new KernelRingSource(calls));
        using PageReservation reservation = client.Reserve(count);
        PageList[] pages = [.. Enumerable.Range(0, count).Select(_ => client.Pages.RentPages(1))];
        Notification[] notifications = [.. Enumerable.Range(0, count).Select(static _ => new Notification())];
        Assert.Equal(default, client.ReadAsync(device.Region(0, 8), IoBuffer.Pages(pages[0])).AsTask().GetAwaiter().GetResult());
        IoFeature registration = client.DeviceRegistration;
        for (int round = 1; round <= 10; round++)
        {
            IoRequest[] requests = new IoRequest[count];
            for (int i = 0; i < count; i++)
            {
                Pattern.Bytes(4096, (round * count) + i).CopyTo(pages[i][0]);
                requests[i] = IoRequest.Write(device.Region(i * 8, 8), IoBuffer.Pages(pages[i]), Notification.Arrived, notifications[i] = new Notification());
            }

            calls.Fail(1);
            client.Submit(requests);
            Assert.All(notifications, static notification => Assert.Equal(default, notification.Wait()));
            for (int i = 0; i < count; i++)
                device.AssertHolds(i * 8, Pattern.Bytes(4096, (round * count) + i));
        }

        Array.ForEach(pages, static list => list.Dispose());
        Assert.Equal(10, calls.Answered);
        Assert.Equal(registration, client.DeviceRegistration);
    }

    private static void AssertEndWellAfterOneCallThatFails(CallWay way, DmIoOptions? options, int errno, bool taken)
    {
        FaultyCalls calls = new() { Answer = errno, TakesEntries = taken };
        using TestDevice first = new();
        using TestDevice second = new(DeviceKind.File);
        using (ClientUnderTest client = new(way, options, new KernelRingSource(calls)))
        {
            Assert.Equal(default, Write(client, first, second, 0, seed: 1));
            calls.Fail(1);
            Assert.Equal(default, Write(client, first, second, 8, seed: 2));
            for (int i = 2; i < 6; i++)
                Assert.Equal(default, Write(client, first, second, i * 8, seed: i + 1));
        }

        // Nothing comes later, out of memory that is free since long.
        Assert.Equal(1, calls.Answered);
        for (int i = 0; i < 6; i++)
        {
            first.AssertHolds(i * 8, Pattern.Bytes(4096, i + 1));
            second.AssertHolds(i * 8, Pattern.Bytes(4096, i + 1));
        }
    }

    private static TheoryData<CallWay, int, bool> Table(int[] errnos)
    {
        TheoryData<CallWay, int, bool> table = [];
        foreach (CallWay way in EveryWay)
        {
            foreach (int errno in errnos)
            {
                table.Add(way, errno, false);
                table.Add(way, errno, true);
            }
        }

        return table;
    }

    /// <summary>From memory that is another's right after.</summary>
    private static IoResult Write(ClientUnderTest client, TestDevice first, TestDevice second, long sector, int seed)
    {
        using IoMemory memory = Pattern.Memory(4096, seed);
        IoResult result = client.Write([first.Region(sector, 8), second.Region(sector, 8)], memory);
        memory.GetSpan().Clear();
        return result;
    }
}
