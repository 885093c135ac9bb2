using System.Globalization;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Reactor;

/// <summary>Whose a reactor is, and what it refuses everybody else.</summary>
public sealed class ReactorOwnerTests
{
    [Fact]
    public void AnotherThread_IsRefused_WithBothThreadsNumbers_AndTheOwnerGoesOn()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        reactor.SubmitRead(device.Region(0, 8), memory, ended.Notify);
        IoRequest request = IoRequest.Read(device.Region(0, 8), memory, ended.Notify);
        Action[] calls =
        [
            () => reactor.SubmitRead(device.Region(0, 8), memory, ended.Notify),
            () => reactor.SubmitWrite(device.Region(0, 8), memory, ended.Notify),
            () => reactor.SubmitWrite([device.Region(0, 8)], memory, ended.Notify),
            () => reactor.SubmitFlush([device.Region(0, 8)], ended.Notify),
            () => reactor.SubmitDiscard([device.Region(0, 8)], ended.Notify),
            () => reactor.SubmitWriteZeroes([device.Region(0, 8)], ended.Notify),
            () => reactor.Submit([request]),
            () => reactor.Poll(),
            () => reactor.GetPendingRequests(),
            reactor.Dispose,
        ];
        foreach (Action call in calls)
        {
            (Exception? thrown, int thread) = OnAnotherThread(call);
            string message = Assert.IsType<InvalidOperationException>(thrown).Message;
            Assert.Contains(Number("Thread ", Environment.CurrentManagedThreadId), message, StringComparison.Ordinal);
            Assert.Contains(Number("thread ", thread), message, StringComparison.Ordinal);
        }

        Assert.Equal(1, reactor.UnderWay);
        Assert.Equal(1, reactor.Poll(1));
        ended.AssertAllWell(1);
        device.AssertUntouched();
    }

    [Fact]
    public void TheThreadThatUsesItFirst_OwnsIt_AndNotTheOneThatMadeIt()
    {
        IoReactor reactor = new();
        Exception? other = null;
        (Exception? first, _) = OnAnotherThread(() =>
        {
            reactor.Poll();
            (other, _) = OnAnotherThread(() => reactor.Poll());
            reactor.Dispose();
        });
        Assert.Null(first);
        Assert.IsType<InvalidOperationException>(other);
        reactor.Dispose();
    }

    [Fact]
    public void AThreadThatGotTheNumberOfAnOwnerThatEnded_IsRefused()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory memory = IoMemory.Allocate(4096);
        IoReactor reactor = new();
        int owner = OwnOnAThreadThatEnds(reactor, device, memory);
        Exception? thrown = null;
        bool same = false;
        for (int i = 0; i < 1000 && !same; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Thread thread = new(() =>
            {
                same = Environment.CurrentManagedThreadId == owner;
                if (same)
                    thrown = Record.Exception(() => reactor.SubmitRead(device.Region(0, 8), memory, static (_, _) => { }));
            });
            thread.Start();
            thread.Join();
        }

        // The runtime keeps the number while the reactor holds its owner, so that no other thread gets it; if one does, it is refused.
        if (same)
            Assert.IsType<InvalidOperationException>(thrown);
        string message = Assert.Throws<InvalidOperationException>(() => reactor.Poll()).Message;
        Assert.Contains("has ended", message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnyThread_MayReserve_RentPages_AndAsk()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        reactor.Poll();
        PageReservation? reservation = null;
        PageList pages = default;
        (Exception? thrown, _) = OnAnotherThread(() =>
        {
            reservation = reactor.Reserve(4);
            pages = reactor.Pages.RentPages(2);
            Assert.Equal(0, reactor.Statistics.Requests);
            Assert.NotEmpty(reactor.Capabilities.Ring);
        });
        Assert.Null(thrown);
        reactor.SubmitRead(device.Region(0, 16), pages, ended.Notify);
        Assert.Equal(1, reactor.Poll(1));
        ended.AssertAllWell(1);
        Assert.Equal(-1, pages[1].IndexOfAnyExcept(TestDevice.Untouched));
        pages.Dispose();
        reservation!.Dispose();
    }

    [Fact]
    public void OneThread_MayOwnSeveral_AndPollOneInACallbackOfTheOther()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor outer = new();
        using IoReactor inner = new();
        EndedRequests ended = new();
        int endedInside = 0;
        outer.SubmitWrite(device.Region(0, 8), data, (result, context) =>
        {
            inner.SubmitWrite(device.Region(8, 8), data, ended.Notify);
            endedInside = inner.Poll(1);
            ended.Notify(result, context);
        });
        Assert.Equal(1, outer.Poll(1));
        Assert.Equal(1, endedInside);
        ended.AssertAllWell(2);
        device.AssertHolds(0, data.GetSpan());
        device.AssertHolds(8, data.GetSpan());
    }

    [Fact]
    public void ManyThreads_EachWithItsOwn_OnOneDevice_GetEachTheirOwnBytes()
    {
        const int threads = 4;
        using TestDevice device = new(DeviceKind.Loop512, 4 << 20);
        Exception?[] failures = new Exception?[threads];
        Thread[] all = [.. Enumerable.Range(0, threads).Select(index => new Thread(() => failures[index] = Record.Exception(() => Work(index))))];
        Array.ForEach(all, static thread => thread.Start());
        Assert.All(all, static thread => Assert.True(thread.Join(Notification.Limit)));
        Assert.All(failures, Assert.Null);

        void Work(int index)
        {
            using IoReactor reactor = new(new IoReactorOptions { QueueDepth = 8 });
            using IoMemory written = IoMemory.Allocate(128 << 10);
            using IoMemory read = IoMemory.Allocate(128 << 10);
            EndedRequests ended = new();
            for (int round = 0; round < 20; round++)
            {
                Pattern.Bytes(128 << 10, (index * 100) + round).CopyTo(written.GetSpan());
                foreach (bool reads in (bool[])[false, true])
                {
                    for (int i = 0; i < 32; i++)
                    {
                        IoRegion region = device.Region((index * 2048) + (i * 8), 8) with { BufferOffset = i * 4096 };
                        if (reads)
                            reactor.SubmitRead(region, read, ended.Notify);
                        else
                            reactor.SubmitWrite(region, written, ended.Notify);
                    }

                    Assert.Equal(32, reactor.Poll(32));
                }

                Assert.True(read.GetSpan().SequenceEqual(written.GetSpan()));
            }

            ended.AssertAllWell(20 * 64);
        }
    }

    private static (Exception? Thrown, int Thread) OnAnotherThread(Action action)
    {
        Exception? thrown = null;
        Thread thread = new(() => thrown = Record.Exception(action));
        thread.Start();
        Assert.True(thread.Join(Notification.Limit));
        return (thrown, thread.ManagedThreadId);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static int OwnOnAThreadThatEnds(IoReactor reactor, TestDevice device, IoMemory memory)
    {
        Thread thread = new(() =>
        {
            reactor.SubmitRead(device.Region(0, 8), memory, static (_, _) => { });
            reactor.Poll(1);
        });
        thread.Start();
        thread.Join();
        return thread.ManagedThreadId;
    }

    private static string Number(string before, int thread) => before + thread.ToString(CultureInfo.InvariantCulture) + " ";
}
