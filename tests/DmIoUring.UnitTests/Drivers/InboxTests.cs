using DmIoUring.Drivers;
using DmIoUring.Engine;

namespace DmIoUring.UnitTests.Drivers;

public sealed class InboxTests
{
    [Fact]
    public void TakeAll_GivesTheOldestFirst_AndLeavesNothing()
    {
        Inbox inbox = new();
        Request[] requests = [NewRequest(), NewRequest(), NewRequest()];
        foreach (Request request in requests)
            Assert.Equal(Delivery.Taken, inbox.Deliver(request));

        Assert.Equal(requests, Walk(inbox.TakeAll()));
        Assert.Null(inbox.TakeAll());
    }

    [Fact]
    public void Deliver_ToASleeper_AsksForOneWakeUpOnly()
    {
        Inbox inbox = new();
        Assert.True(inbox.TrySleep());

        Assert.Equal(Delivery.WakeOwner, inbox.Deliver(NewRequest()));
        Assert.Equal(Delivery.Taken, inbox.Deliver(NewRequest()));
        Assert.Equal(2, Walk(inbox.TakeAll()).Count);
    }

    [Fact]
    public void Deliver_OfSeveral_AsksForOneWakeUp_AndKeepsTheirOrderAmongOthers()
    {
        Inbox inbox = new();
        Request[] requests = [.. Enumerable.Range(0, 8).Select(static _ => NewRequest())];
        Assert.True(inbox.TrySleep());

        Assert.Equal(Delivery.WakeOwner, inbox.Deliver(LinkNewestFirst(requests.AsSpan(0, 3)), requests[0]));
        Assert.Equal(Delivery.Taken, inbox.Deliver(requests[3]));
        Assert.Equal(Delivery.Taken, inbox.Deliver(LinkNewestFirst(requests.AsSpan(4, 4)), requests[4]));

        Assert.Equal(requests, Walk(inbox.TakeAll()));
        Assert.Null(inbox.TakeAll());
    }

    [Fact]
    public void Deliver_OfSeveral_ToAClosedInbox_LeavesThemTheCallers()
    {
        Inbox inbox = new();
        Request[] requests = [NewRequest(), NewRequest()];
        Assert.True(inbox.TryClose());
        Assert.Equal(Delivery.Refused, inbox.Deliver(LinkNewestFirst(requests), requests[0]));
        Assert.Equal(Enumerable.Reverse(requests), Walk(requests[1]));
        Assert.Null(inbox.TakeAll());
    }

    /// <summary>The submitter saw a request in the inbox; before its exchange the owner took that, ended it and closed.</summary>
    [Fact]
    public void Deliver_RefusedAfterAFailedAttempt_LeavesNoLinkToAnotherRequest()
    {
        Inbox inbox = new();
        Request another = NewRequest();
        Assert.Equal(Delivery.Taken, inbox.Deliver(another));
        Assert.Same(another, inbox.TakeAll());
        Assert.True(inbox.TryClose());

        Request[] requests = [NewRequest(), NewRequest()];
        Assert.Equal(Delivery.Refused, inbox.Deliver(LinkNewestFirst(requests), requests[0], newest: another));
        Assert.Equal(Enumerable.Reverse(requests), Walk(requests[1]));
    }

    [Fact]
    public void TrySleep_WithSomethingDelivered_IsRefused()
    {
        Inbox inbox = new();
        inbox.Deliver(NewRequest());
        Assert.False(inbox.TrySleep());
    }

    [Fact]
    public void Interrupt_EndsAnAnnouncedSleepOnce()
    {
        Inbox inbox = new();
        Assert.False(inbox.Interrupt());
        Assert.True(inbox.TrySleep());
        Assert.True(inbox.Interrupt());
        Assert.False(inbox.Interrupt());
        Assert.Equal(Delivery.Taken, inbox.Deliver(NewRequest()));
    }

    [Fact]
    public void Deliver_ToAClosedInbox_IsRefused()
    {
        Inbox inbox = new();
        Assert.True(inbox.TryClose());
        Assert.Equal(Delivery.Refused, inbox.Deliver(NewRequest()));
        Assert.Null(inbox.TakeAll());
        Assert.False(inbox.TrySleep());
    }

    [Fact]
    public void TryClose_WithSomethingDelivered_IsRefused()
    {
        Inbox inbox = new();
        inbox.Deliver(NewRequest());
        Assert.False(inbox.TryClose());
    }

    /// <summary>A lost wake-up hangs here; the limit of the semaphore's wait is the guard.</summary>
    [Fact]
    public void ManyThreads_DeliverToASleepyOwner_InOrder_LosingNothing()
    {
        const int producers = 4;
        const int each = 50_000;
        Inbox inbox = new();
        using SemaphoreSlim wake = new(0);
        int[] lastSeen = new int[producers];
        int seen = 0;

        Thread[] threads = new Thread[producers];
        for (int i = 0; i < producers; i++)
        {
            int producer = i;
            threads[i] = new Thread(() =>
            {
                for (int number = 1; number <= each; number++)
                {
                    Request request = NewRequest();
                    request.Cursor = producer;
                    request.Pending = number;
                    if (inbox.Deliver(request) == Delivery.WakeOwner)
                        wake.Release();
                }
            });
            threads[i].Start();
        }

        while (seen < producers * each)
        {
            foreach (Request request in Walk(inbox.TakeAll()))
            {
                Assert.Equal(lastSeen[request.Cursor] + 1, request.Pending);
                lastSeen[request.Cursor] = request.Pending;
                seen++;
            }

            if (seen < producers * each && inbox.TrySleep())
                Assert.True(wake.Wait(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken), "A wake-up was lost.");
        }

        foreach (Thread thread in threads)
            thread.Join();
        Assert.Equal(0, wake.CurrentCount);
    }

    private static Request NewRequest() => new(new CallbackReporter(null));

    private static Request LinkNewestFirst(ReadOnlySpan<Request> requests)
    {
        for (int i = 1; i < requests.Length; i++)
            requests[i].Next = requests[i - 1];
        return requests[^1];
    }

    private static List<Request> Walk(Request? first)
    {
        List<Request> all = [];
        for (Request? request = first; request is not null; request = request.Next)
            all.Add(request);
        return all;
    }
}
