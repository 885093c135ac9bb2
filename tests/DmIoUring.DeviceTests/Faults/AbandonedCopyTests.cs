using System.Diagnostics;
using DmIoUring.DeviceTests.Client;
using DmIoUring.Interop;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>
/// Writes with <see cref="IoFlags.StableCopy"/> to a device that really does not answer: they end at their time limit, and what is theirs
/// comes back when the kernel lets go.
/// </summary>
public sealed class AbandonedCopyTests
{
    private const int Pages = 32;
    private const IoFlags Stable = IoFlags.StableCopy;
    private const MediumOperations Held = MediumOperations.Write | MediumOperations.Flush;
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    /// <summary>A limit that healthy devices keep, on a busy machine too.</summary>
    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(1);
    private static readonly IoFailureCause[] Late = [IoFailureCause.TimedOut];

    public static TheoryData<CallWay, DeviceKind> Table
    {
        get
        {
            TheoryData<CallWay, DeviceKind> table = [];
            foreach (CallWay way in Ways.CallsAsIssued)
            {
                // Direct I/O on a block device, and on a file whose pages the kernel's workers copy.
                table.Add(way, DeviceKind.Loop512);
                table.Add(way, DeviceKind.File);
            }

            return table;
        }
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void OneStuckLegOfThree_EndsAtTheLimit_AndPagesComeBackOnRelease(CallWay way, DeviceKind kind)
    {
        using FaultDevice stuck = new(kind);
        using TestDevice first = new();
        using TestDevice last = new();
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096, RequestTimeLimit = Ample });
        using PageReservation reserve = client.Reserve(Pages);
        byte[] data = Pattern.Bytes(16 << 10);
        IoReport report = new();
        IoFailure expected = new(1, 64, Errno.ETIMEDOUT, IoFailureCause.TimedOut);
        using (Fault held = stuck.File.Hold(Held))
        {
            IoRegion[] regions = [first.Region(0, 32), stuck.Region(64, 32), last.Region(32, 32)];
            IoResult result = client.Write(regions, data, new IoRequestOptions(Stable, default, report));

            // Told while the device still has it.
            Assert.True(held.WaitForHits(1, Notification.Limit));
            Assert.Equal(("0b10", "0b0"), (result.Failed.ToString(), result.Unsupported.ToString()));
            Assert.Equal((expected, expected), (result.First, report[1]));
            Assert.Equal((default, default), (report[0], report[2]));
            first.AssertHolds(0, data);
            last.AssertHolds(32, data);
            Assert.InRange(client.Pages.RentedPages, 1, Pages);
            Array.Clear(data);
        }

        client.WaitForPages();
        Assert.Equal((expected, default, default), (report[1], report[0], report[2]));

        // What was copied, and not what became of the buffer; or nothing, where the kernel gave it back in time.
        byte[] medium = stuck.File.Read(64, 32);
        byte[] written = Pattern.Bytes(16 << 10);
        for (int at = 0; at < medium.Length; at += 4096)
            Assert.True(medium.AsSpan(at, 4096).SequenceEqual(written.AsSpan(at, 4096)) || !medium.AsSpan(at, 4096).ContainsAnyExcept(TestDevice.Untouched), $"Piece {at} is neither.");

        // All of it can be had again, and serves.
        Assert.Equal(default, client.Write([first.Region(0, 32), stuck.Region(64, 32)], written, Stable));
        stuck.AssertHolds(64, written);
        client.WaitForPages();
    }

    [Theory]
    [InlineData(IoRingKind.IoUring)]
    [InlineData(IoRingKind.Workers)]
    public async Task ACancelledOne_EndsAtOnce_AndIsShownUntilReleased(IoRingKind ring)
    {
        using FaultDevice stuck = new();
        await using DmIoClient client = new(new DmIoOptions { Ring = ring });
        using PageReservation reserve = client.Reserve(Pages);
        using CancellationTokenSource cancel = new();
        byte[] data = Pattern.Bytes(8192);
        using (Fault held = stuck.File.Hold(Held))
        {
            Task<IoResult> write = client.WriteAsync(stuck.Region(8, 16), data, Stable, cancel.Token).AsTask();
            Assert.True(held.WaitForHits(1, Notification.Limit));
            Assert.False(Assert.Single(await client.GetPendingRequestsAsync()).IsAbandoned);
            await cancel.CancelAsync();
            IoResult result = await write.WaitAsync(Notification.Limit);
            Assert.Equal(new IoFailure(0, 8, Errno.ECANCELED, IoFailureCause.Cancelled), result.First);

            IoPendingRequest left = Assert.Single(await client.GetPendingRequestsAsync());
            Assert.True(left.IsAbandoned);
            Assert.Equal([new IoPendingRegion(0, stuck.Path, 8, 16, 0)], left.Regions);
            Assert.Contains("abandoned", left.ToString(), StringComparison.Ordinal);
        }

        await WaitForPagesAsync(client.Pages);
        Assert.Empty(await client.GetPendingRequestsAsync());
        stuck.AssertHolds(8, data);
    }

    [Fact]
    public async Task InABatch_AndWithTry_TheyEndLikewise_EachOnce()
    {
        using FaultDevice stuck = new();
        await using DmIoClient client = new(new DmIoOptions { RequestTimeLimit = Short });
        using PageReservation reserve = client.Reserve(Pages);
        byte[] data = Pattern.Bytes(4096);
        Notification[] notifications = [.. Enumerable.Range(0, 9).Select(static _ => new Notification())];
        using (Fault held = stuck.File.Hold(Held))
        {
            client.Submit([.. notifications[..8].Select((notification, i) => IoRequest.Write(stuck.Region(i * 8, 8), data, Notification.Arrived, notification, Stable))]);
            Assert.True(client.TrySubmitWrite([stuck.Region(64, 8)], data, Notification.Arrived, notifications[8], Stable));
            Assert.All(notifications, static notification => Assert.Equal(IoFailureCause.TimedOut, notification.Wait().First.Cause));
            Assert.Equal(9, (await client.GetPendingRequestsAsync()).Count(static pending => pending.IsAbandoned));

            // The requests came back with their ends, the pages did not.
            Assert.Equal(9, client.Pages.RentedPages);
            Assert.False(client.TrySubmitWrite([stuck.Region(0, 8 * Pages)], Pattern.Bytes(4096 * Pages), Notification.Arrived, new Notification(), Stable));
        }

        await WaitForPagesAsync(client.Pages);
        Assert.All(notifications, static notification => Assert.Equal(1, notification.Calls));
    }

    [Fact]
    public void WhatACallbackDoesWithAnAbandonedEnd_IsServed()
    {
        using FaultDevice stuck = new();
        using TestDevice healthy = new();
        using DmIoClient client = new(new DmIoOptions { RequestTimeLimit = Ample });
        using PageReservation reserve = client.Reserve(Pages);
        byte[] data = Pattern.Bytes(4096);
        Notification next = new();
        using (Fault held = stuck.File.Hold(Held))
        {
            client.SubmitWrite(
                stuck.Region(0, 8),
                data,
                (result, _) =>
                {
                    Assert.Equal(IoFailureCause.TimedOut, result.First.Cause);
                    client.SubmitWrite(healthy.Region(0, 8), data, Notification.Arrived, next, Stable);
                },
                context: null,
                Stable);
            Assert.Equal(default, next.Wait());
            Assert.Equal(1, client.Pages.RentedPages);
        }

        healthy.AssertHolds(0, data);
    }

    [Fact]
    public void ASyncOneInACallback_IsRefused_ItWouldWaitForItsLane()
    {
        using TestDevice device = new();
        using DmIoClient client = new(new DmIoOptions { RequestTimeLimit = Short });
        using PageReservation reserve = client.Reserve(Pages);
        byte[] data = Pattern.Bytes(4096);
        TaskCompletionSource<Exception?> thrown = new();
        client.SubmitRead(device.Region(0, 0), default, (_, _) => thrown.SetResult(Record.Exception(() => client.Write(device.Region(0, 8), data, Stable))));
        Assert.True(thrown.Task.Wait(Notification.Limit));
        Assert.Contains("stable copy with a time limit", Assert.IsType<InvalidOperationException>(thrown.Task.Result).Message, StringComparison.Ordinal);
        Assert.Equal(0, client.Pages.RentedPages);
        device.AssertUntouched();
    }

    [Theory]
    [InlineData(IoRingKind.IoUring)]
    [InlineData(IoRingKind.Workers)]
    public void Dispose_WaitsForWhatIsAbandoned_ReportsIt_AndLeavesItItsPages(IoRingKind ring)
    {
        using FaultDevice stuck = new();
        List<IoUnfinished> reports = [];
        DmIoClient client = new(new DmIoOptions { Ring = ring, RequestTimeLimit = Short, DisposeTimeLimit = Short, DisposeGaveUp = reports.Add });
        PageReservation reserve = client.Reserve(Pages);
        byte[] data = Pattern.Bytes(8192);
        PageMemoryPool pool = client.Pages;
        using (Fault held = stuck.File.Hold(Held))
        {
            IoResult result = client.Write(stuck.Region(0, 16), data, Stable);
            Assert.Equal(Late, [result.First.Cause]);
            reserve.Dispose();
            client.Dispose();
            Assert.True(Assert.Single(Assert.Single(reports).Requests).IsAbandoned);
            Assert.Equal(2, pool.RentedPages);
            GC.Collect();
        }

        Assert.True(SpinWait.SpinUntil(() => pool.RentedPages == 0, Notification.Limit));
        client.Dispose();
        Assert.Single(reports);
        stuck.AssertHolds(0, data);
    }

    [Theory]
    [InlineData(IoRingKind.IoUring)]
    [InlineData(IoRingKind.Workers)]
    public void AReactor_LikewiseWaits_AndItsPollCountsTheEndAndNotTheRest(IoRingKind ring)
    {
        using FaultDevice stuck = new();
        List<IoUnfinished> reports = [];
        IoReactor reactor = new(new IoReactorOptions { Ring = ring, RequestTimeLimit = Short, DisposeTimeLimit = Short, DisposeGaveUp = reports.Add });
        using PageReservation reserve = reactor.Reserve(Pages);
        byte[] data = Pattern.Bytes(4096);
        List<IoResult> results = [];
        using (Fault held = stuck.File.Hold(Held))
        {
            reactor.SubmitWrite(stuck.Region(0, 8), data, (result, _) => results.Add(result), context: null, Stable);
            Assert.Equal(1, reactor.Poll(1, Notification.Limit));
            Assert.Equal(Late, [Assert.Single(results).First.Cause]);
            Assert.Equal((0, 1, 0), (reactor.UnderWay, reactor.Pages.RentedPages, reactor.Poll(1, Short)));
            Assert.True(Assert.Single(reactor.GetPendingRequests()).IsAbandoned);
            reactor.Dispose();
            Assert.True(Assert.Single(Assert.Single(reports).Requests).IsAbandoned);
            Assert.Equal(1, reactor.Pages.RentedPages);
        }

        while (reactor.GetPendingRequests().Count > 0)
            reactor.Dispose();
        Assert.Single(results);
        Assert.Equal(0, reactor.Pages.RentedPages);
        stuck.AssertHolds(0, data);
    }

    [Fact]
    public void ADeviceWithAnAbandonedWrite_StaysOpenUntilItsEnd()
    {
        using FaultDevice stuck = new();
        using DmIoClient client = new(new DmIoOptions { RequestTimeLimit = Short });
        using PageReservation reserve = client.Reserve(Pages);
        byte[] data = Pattern.Bytes(4096);
        using (Fault held = stuck.File.Hold(Held))
        {
            BlockDevice second = BlockDevice.Open(stuck.Path);
            Assert.Equal(Late, [client.Write(new IoRegion(second, 0, 8), data, Stable).First.Cause]);
            second.Dispose();
            Assert.Equal(1, client.Pages.RentedPages);
        }

        client.Dispose();
        stuck.AssertHolds(0, data);
    }

    [Fact]
    public async Task ManyOfThem_UntilTheReserveIsOut_LoseNothing()
    {
        using FaultDevice stuck = new(size: 4 << 20);
        using TestDevice healthy = new();
        await using DmIoClient client = new(new DmIoOptions { QueueDepth = 64, RequestTimeLimit = Ample });
        using PageReservation reserve = client.Reserve(Pages);
        byte[] data = Pattern.Bytes(4096);
        long start = Stopwatch.GetTimestamp();
        using (Fault held = stuck.File.Hold(Held))
        {
            Task<IoResult>[] tasks = [.. Enumerable.Range(0, Pages).Select(i => client.WriteAsync(stuck.Region(i * 16, 8), data, Stable).AsTask())];
            Assert.All(await Task.WhenAll(tasks).WaitAsync(Notification.Limit), static result => Assert.Equal(IoFailureCause.TimedOut, result.First.Cause));
            Assert.Equal((0, Pages), (client.Pages.FreePages, client.Pages.RentedPages));
            Assert.Equal(default, await client.WriteAsync(healthy.Region(0, 8), data).AsTask().WaitAsync(Notification.Limit));
        }

        await WaitForPagesAsync(client.Pages);
        Assert.True(Stopwatch.GetElapsedTime(start) >= Ample);
        for (int i = 0; i < Pages; i++)
            Assert.Equal(default, await client.WriteAsync(stuck.Region(i * 16, 8), data, Stable).AsTask().WaitAsync(Notification.Limit));
    }

    private static async Task WaitForPagesAsync(PageMemoryPool pages)
    {
        long start = Stopwatch.GetTimestamp();
        while (pages.RentedPages > 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Notification.Limit, "The pages do not come back.");
            await Task.Delay(1);
        }
    }
}
