using System.Collections.Concurrent;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>The client's reserve of pages and requests, with real I/O on it.</summary>
public sealed class ReserveTests
{
    [Fact]
    public void TenThousandRequests_AgainstAReserveOfOne_EndInOrderOfArrival()
    {
        const int requests = 10_000;
        using DmIoClient client = new(new DmIoOptions { QueueDepth = 2 });
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(1);
        List<int> ended = [];
        using CountdownEvent left = new(requests);
        for (int i = 0; i < requests; i++)
        {
            client.SubmitWrite(
                device.Region(i % 256 * 8, 8),
                data,
                (result, context) =>
                {
                    ended.Add(result.IsSuccess ? (int)context! : -1);
                    left.Signal();
                },
                i);
        }

        Assert.True(left.Wait(Notification.Limit));
        Assert.Equal(Enumerable.Range(0, requests), ended);
        Assert.Equal(0, client.Statistics.Overdrafts);
        device.AssertHolds(0, data.GetSpan());
    }

    [Fact]
    public void ManyThreads_AgainstAReserveOfOne_AllEnd_EachInItsOrder()
    {
        const int threads = 8;
        const int requests = 1250;
        using DmIoClient client = new(new DmIoOptions { QueueDepth = 2 });
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(1);
        List<(int Thread, int Request)> ended = [];
        using CountdownEvent left = new(threads * requests);
        RunThreads(threads, thread =>
        {
            for (int i = 0; i < requests; i++)
            {
                client.SubmitWrite(
                    device.Region(i % 256 * 8, 8),
                    data,
                    (result, context) =>
                    {
                        Assert.Equal(default, result);
                        ended.Add(((int, int))context!);
                        left.Signal();
                    },
                    (thread, i));
            }
        });

        Assert.True(left.Wait(Notification.Limit));
        Assert.Equal(0, client.Statistics.Overdrafts);
        Assert.Equal(0, client.Statistics.CallbackExceptions);
        for (int thread = 0; thread < threads; thread++)
            Assert.Equal(Enumerable.Range(0, requests), ended.Where(end => end.Thread == thread).Select(end => end.Request));
    }

    [Fact]
    public void RequestThatFails_SaysSo_AlthoughAThreadWaitsForItsPlace()
    {
        const int threads = 4;
        const int requests = 2_500;
        using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(1);
        long beyond = device.Device.Size / IoRegion.SectorSize;
        int wrong = 0;
        using CountdownEvent left = new(threads * requests);
        RunThreads(threads, _ =>
        {
            for (int i = 0; i < requests; i++)
            {
                // Whoever gets the place next makes a request of it that does not fail.
                bool fails = i % 2 == 0;
                client.SubmitRead(
                    fails ? new IoRegion(device.Device, beyond, 8) : device.Region(0, 8),
                    data,
                    (result, context) =>
                    {
                        if (result.IsSuccess == (bool)context!)
                            wrong++;
                        left.Signal();
                    },
                    fails);
            }
        });

        Assert.True(left.Wait(Notification.Limit));
        Assert.Equal(0, wrong);
    }

    [Fact]
    public async Task TrySubmit_SaysNoWhileTheReserveIsOut_AndYesAfterwards()
    {
        await using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(1);

        // Out until its result is taken.
        ValueTask<IoResult> taken = client.WriteAsync(device.Region(0, 8), data);
        Notification never = new();
        Assert.False(client.TrySubmitWrite([device.Region(8, 8)], data, Notification.Arrived, never));
        Assert.False(client.TrySubmitRead(device.Region(8, 8), data, Notification.Arrived, never));
        Assert.False(client.TrySubmitWrite([device.Region(8, 8)], data, Notification.Completed, never, 1));
        Assert.False(client.TrySubmitRead(device.Region(8, 8), data, Notification.Completed, never, 1));
        Assert.Equal(default, await taken);
        Notification write = new();
        Assert.True(client.TrySubmitWrite([device.Region(16, 8)], data, Notification.Arrived, write));
        Assert.Equal(default, write.Wait());
        await client.DisposeAsync();
        Assert.Equal(0, never.Calls);
        device.AssertUntouched(8, 8);
        device.AssertHolds(16, data.GetSpan());
    }

    [Fact]
    public void TrySubmit_OfAStableCopy_SaysNoWhileThePagesAreOut()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(2);
        Notification never = new();
        using (client.Pages.RentPages(2))
            Assert.False(client.TrySubmitWrite([device.Region(8, 8)], data, Notification.Arrived, never, IoFlags.StableCopy));
        Notification write = new();
        Assert.True(client.TrySubmitWrite([device.Region(16, 8)], data, Notification.Arrived, write, IoFlags.StableCopy));
        Assert.Equal(default, write.Wait());
        Assert.Equal(0, never.Calls);
        device.AssertUntouched(8, 8);
    }

    [Fact]
    public void ACallback_SubmittingPastTheReserve_GetsOverdrafts()
    {
        const int each = 5;
        using DmIoClient client = new(new DmIoOptions { QueueDepth = 2 });
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(1);
        Notification[] inner = [.. Enumerable.Range(0, each).Select(_ => new Notification())];
        Notification outer = new();
        client.SubmitWrite(device.Region(0, 8), data, (result, _) =>
        {
            for (int i = 0; i < each; i++)
                client.SubmitWrite(device.Region(8 + (i * 8), 8), data, Notification.Arrived, inner[i]);
            Notification.Arrived(result, outer);
        });
        Assert.Equal(default, outer.Wait());
        Assert.All(inner, notification => Assert.Equal(default, notification.Wait()));
        Assert.Equal(each - 1, client.Statistics.Overdrafts);
        for (int i = 0; i <= each; i++)
            device.AssertHolds(i * 8, data.GetSpan());
    }

    [Fact]
    public void Pages_InFlight_CantBeReturned_NorReturnedTwice_NorUsedAfterwards()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(4);
        PageList pages = client.Pages.RentPages(2);
        Notification write = new();
        using (HeldLane lane = new(client, device.Region(0, 8), data))
        {
            client.SubmitWrite(device.Region(0, 16), pages, Notification.Arrived, write);
            Assert.Contains("in flight, 1 uses", Assert.Throws<InvalidOperationException>(pages.Dispose).Message, StringComparison.Ordinal);
        }

        Assert.Equal(default, write.Wait());
        pages.Dispose();
        Assert.Contains("second time", Assert.Throws<InvalidOperationException>(pages.Dispose).Message, StringComparison.Ordinal);
        device.SetMedium(0, Pattern.Bytes(8192));
        foreach (CallWay way in Ways.Calls)
        {
            using ClientUnderTest other = new(way);
            using PageReservation reserved = other.Reserve(2);
            PageList returned = other.Pages.RentPages(2);
            returned.Dispose();
            Assert.Throws<ObjectDisposedException>(() => other.Write(device.Region(0, 16), returned));
            Assert.Throws<ObjectDisposedException>(() => other.Read(device.Region(0, 16), returned));
        }

        device.AssertHolds(0, Pattern.Bytes(8192));
    }

    [Fact]
    public void Dispose_WithRequestsUnderWay_EndsThemAll_AndFreesPages()
    {
        const int requests = 20;
        DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        PageReservation reservation = client.Reserve(2 * requests);
        PageList[] lists = [.. Enumerable.Range(0, requests).Select(_ => client.Pages.RentPages(1))];
        Notification[] writes = [.. lists.Select(_ => new Notification())];
        HeldLane lane = new(client, device.Region(0, 8), data);
        for (int i = 0; i < requests; i++)
        {
            lists[i][0].Fill((byte)i);
            client.SubmitWrite(device.Region(i * 8, 8), lists[i], Notification.Arrived, writes[i]);
        }

        Task disposed = Task.Run(client.Dispose);
        Assert.All(lists, static list => Assert.Throws<InvalidOperationException>(list.Dispose));
        lane.Release();
        Assert.True(disposed.Wait(Notification.Limit));
        Assert.All(writes, static write => Assert.Equal((1, default), (write.Calls, write.Wait())));
        foreach (PageList list in lists)
            list.Dispose();
        reservation.Dispose();
        for (int i = 0; i < requests; i++)
            device.AssertHolds(i * 8, Enumerable.Repeat((byte)i, 4096).ToArray());
        Assert.Throws<ObjectDisposedException>(() => client.Reserve(1));
        Assert.Throws<ObjectDisposedException>(() => client.Pages.RentPages(1));
    }

    [Fact]
    public void TheReserve_GrowsAndShrinks_WhileOthersWriteAndVerify()
    {
        const int threads = 3;
        const int rounds = 300;
        using DmIoClient client = new(new DmIoOptions { Lanes = 2, QueueDepth = 4, ChunkBytes = 16 << 10 });
        using TestDevice device = new(DeviceKind.Loop512, 2 << 20);
        using PageReservation least = client.Reserve(16);
        int running = threads;
        RunThreads(threads + 1, thread =>
        {
            if (thread == threads)
            {
                for (int i = 1; Volatile.Read(ref running) > 0; i++)
                {
                    using PageReservation more = client.Reserve(i % 3 == 0 ? 1500 : 1 + (i % 40));
                    Thread.Yield();
                }

                return;
            }

            try
            {
                for (int round = 0; round < rounds; round++)
                    WriteAndVerify(client, device, thread, round);
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        });
        Assert.Equal(16, client.Pages.ReservedPages);
        Assert.Equal(0, client.Pages.RentedPages);
    }

    [Fact]
    public void RentPages_WithAllPagesInUse_WaitsUntilTheRequestOnThemHasEnded()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(2);
        PageList pages = client.Pages.RentPages(2);
        HeldLane lane = new(client, device.Region(0, 8), data);
        client.SubmitWrite(device.Region(0, 16), pages, (_, _) => pages.Dispose());
        Task<PageList> renter = Task.Run(() => client.Pages.RentPages(2));
        Assert.True(SpinWait.SpinUntil(() => client.Pages.Waiting == 1, Notification.Limit));
        Assert.False(client.Pages.TryRentPages(1, out _));
        lane.Release();
        Assert.True(renter.Wait(Notification.Limit));
        renter.Result.Dispose();
        Assert.Equal(2, client.Pages.FreePages);
    }

    [Fact]
    public async Task ResultThatNobodyTakes_IsCounted_UntilItIsTaken()
    {
        await using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(1, 2);
        ValueTask<IoResult> forgotten = client.WriteAsync(device.Region(0, 8), data);
        Assert.True(SpinWait.SpinUntil(() => client.Statistics.UnawaitedResults == 1, Notification.Limit));
        Assert.Equal(default, await client.WriteAsync(device.Region(0, 8), data));
        Assert.Equal(1, client.Statistics.UnawaitedResults);
        Assert.Equal(default, await forgotten);
        Assert.Equal(0, client.Statistics.UnawaitedResults);
    }

    private static void WriteAndVerify(DmIoClient client, TestDevice device, int thread, int round)
    {
        int count = 1 + ((thread + round) % 5);
        byte[] bytes = Pattern.Bytes(count * 4096, (thread * 1000) + round);
        IoRegion region = device.Region((thread * 1024) + (round % 64 * 8), count * 8);
        using PageList pages = client.Pages.RentPages(count);
        pages.CopyFrom(bytes);
        Assert.Equal(default, round % 2 == 0 ? client.Write(region, pages) : client.WriteAsync(region, pages).AsTask().GetAwaiter().GetResult());
        foreach (Span<byte> page in pages)
            page.Clear();
        Assert.Equal(default, round % 3 == 0 ? client.Read(region, pages) : client.ReadAsync(region, pages).AsTask().GetAwaiter().GetResult());
        byte[] read = new byte[bytes.Length];
        pages.CopyTo(read);
        Assert.True(read.AsSpan().SequenceEqual(bytes), $"Thread {thread} read other bytes in round {round}.");
    }

    private static void RunThreads(int count, Action<int> work)
    {
        ConcurrentQueue<Exception> failures = [];
        Thread[] threads = [.. Enumerable.Range(0, count).Select(index => new Thread(() =>
        {
            if (Record.Exception(() => work(index)) is { } failure)
                failures.Enqueue(failure);
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        Assert.All(threads, static thread => Assert.True(thread.Join(Notification.Limit)));
        Assert.Empty(failures);
    }
}
