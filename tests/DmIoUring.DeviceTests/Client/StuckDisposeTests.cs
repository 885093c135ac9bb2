using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Clients that are disposed while a device really does not answer: a bounded wait, a report, and nothing freed early.</summary>
public sealed class StuckDisposeTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(IoRingKind.IoUring)]
    [InlineData(IoRingKind.Workers)]
    public void Dispose_GivesUpAfterItsLimit_AndNamesTheRequests(IoRingKind ring)
    {
        using FrozenFile frozen = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(16 << 10);
        List<IoUnfinished> reports = [];
        DmIoClient client = new(new DmIoOptions { Ring = ring, QueueDepth = 2, ChunkBytes = 4096, DisposeTimeLimit = Short, DisposeGaveUp = reports.Add });
        Notification stuck = new();
        Notification behind = new();
        client.SubmitWrite([healthy.Region(0, 0), new IoRegion(frozen.Device, 8, 32)], data, Notification.Arrived, stuck);
        client.SubmitWrite(healthy.Region(64, 8), data, Notification.Arrived, behind);

        client.Dispose();

        IoUnfinished report = Assert.Single(reports);
        Assert.InRange(report.Waited, TimeSpan.FromTicks(1), Notification.Limit);
        Assert.Equal(0, report.BlockedLanes);
        Assert.Equal(
            [
                new IoPendingRegion(1, frozen.Device.Path, 8, SectorsInKernel: 16, SectorsWaiting: 16),
                new IoPendingRegion(0, healthy.Path, 64, SectorsInKernel: 0, SectorsWaiting: 8),
            ],
            report.Requests.SelectMany(static request => request.Regions));
        Assert.All(report.Requests, static request => Assert.Equal("write", request.Operation));
        Assert.Contains(frozen.Device.Path, report.ToString(), StringComparison.Ordinal);
        Assert.Equal((0, 0), (stuck.Calls, behind.Calls));
        Assert.Throws<ObjectDisposedException>(() => client.SubmitWrite(healthy.Region(0, 8), data, Notification.Arrived));

        frozen.Thaw();
        Assert.Equal((default, default), (stuck.Wait(), behind.Wait()));
        AssertEnds(client, reports);
        Assert.Equal((1, 1), (stuck.Calls, behind.Calls));
        Assert.True(frozen.Medium().AsSpan(4096, 16 << 10).SequenceEqual(data.GetSpan()));
        healthy.AssertHolds(64, data.GetSpan()[..4096]);
    }

    [Fact]
    public async Task DisposeAsync_GivesUpAfterItsLimit_Likewise()
    {
        using FrozenFile frozen = new();
        using IoMemory data = Pattern.Memory(4096);
        List<IoUnfinished> reports = [];
        DmIoClient client = new(new DmIoOptions { DisposeTimeLimit = Short, DisposeGaveUp = reports.Add });
        Task<IoResult> stuck = client.WriteAsync(new IoRegion(frozen.Device, 0, 8), data).AsTask();
        await client.DisposeAsync();
        Assert.Equal("write", Assert.Single(Assert.Single(reports).Requests).Operation);
        Assert.False(stuck.IsCompleted);
        frozen.Thaw();
        Assert.Equal(default, await stuck.WaitAsync(Notification.Limit));
        AssertEnds(client, reports);
    }

    [Fact]
    public void WithoutAHandler_TheReportGoesToTrace()
    {
        using FrozenFile frozen = new();
        using IoMemory data = Pattern.Memory(4096);
        using StringWriter text = new();
        using TextWriterTraceListener listener = new(text);
        Trace.Listeners.Add(listener);
        try
        {
            DmIoClient silent = new(new DmIoOptions { DisposeTimeLimit = Short });
            silent.SubmitWrite(new IoRegion(frozen.Device, 0, 8), data, Notification.Arrived, new Notification());
            silent.Dispose();
            DmIoClient throwing = new(new DmIoOptions { DisposeTimeLimit = Short, DisposeGaveUp = static _ => throw new InvalidOperationException("of the handler") });
            throwing.SubmitWrite(new IoRegion(frozen.Device, 8, 8), data, Notification.Arrived, new Notification());
            throwing.Dispose();
            frozen.Thaw();
            silent.Dispose();
            throwing.Dispose();
        }
        finally
        {
            Trace.Listeners.Remove(listener);
        }

        Assert.Contains("did not end within", text.ToString(), StringComparison.Ordinal);
        Assert.Contains(frozen.Device.Path, text.ToString(), StringComparison.Ordinal);
        Assert.Contains("of the handler", text.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(IoRingKind.IoUring)]
    [InlineData(IoRingKind.Workers)]
    public void MemoryOfAStuckRequest_IsNotFreedUnderTheKernel(IoRingKind ring)
    {
        using FrozenFile frozen = new();
        DmIoClient client = new(new DmIoOptions { Ring = ring, DisposeTimeLimit = Short, DisposeGaveUp = static _ => { } });
        PageReservation reserve = client.Reserve(4);
        PageList pages = client.Pages.RentPages(2);
        foreach (Span<byte> run in pages)
            run.Fill(0x5A);
        IoMemory memory = IoMemory.Allocate(4096);
        memory.GetSpan().Fill(0x6B);
        Notification[] stuck = [new(), new(), new()];
        client.SubmitWrite(new IoRegion(frozen.Device, 0, 16), IoBuffer.Pages(pages), Notification.Arrived, stuck[0]);
        client.SubmitWrite(new IoRegion(frozen.Device, 16, 8), memory, Notification.Arrived, stuck[1]);
        WriteFromAnArrayThatNobodyKeeps(client, frozen.Device, stuck[2]);

        // Everybody lets go of everything, and the collector runs.
        client.Dispose();
        reserve.Dispose();
        Assert.Throws<InvalidOperationException>(pages.Dispose);
        memory.Dispose();
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        byte[][] noise = [.. Enumerable.Range(0, 64).Select(static _ => new byte[4096])];
        frozen.Thaw();
        client.Dispose();
        Assert.All(stuck, notification => Assert.Equal(default, notification.Wait()));
        byte[] medium = frozen.Medium();
        Assert.False(medium.AsSpan(0, 8192).ContainsAnyExcept((byte)0x5A));
        Assert.False(medium.AsSpan(8192, 4096).ContainsAnyExcept((byte)0x6B));
        Assert.False(medium.AsSpan(12288, 4096).ContainsAnyExcept((byte)0x7C));
        Assert.All(noise, static bytes => Assert.False(bytes.AsSpan().ContainsAnyExcept((byte)0)));
        pages.Dispose();
    }

    [Fact]
    public async Task PendingRequests_AreReported_FromAnyThreadAndInACallback()
    {
        using FrozenFile frozen = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(4096);
        await using DmIoClient client = new(new DmIoOptions { Lanes = 2 });
        Assert.Empty(await client.GetPendingRequestsAsync());
        Task<IoResult>[] stuck = [.. Enumerable.Range(0, 3).Select(i => client.WriteAsync(new IoRegion(frozen.Device, i * 8, 8), data, IoFlags.Preflush).AsTask())];

        // A lane that is kept off its processor for a second does not answer in time.
        while ((await client.GetPendingRequestsAsync()).Count < 3)
            await Task.Yield();
        TaskCompletionSource<int> counted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        client.SubmitWrite(healthy.Region(0, 8), data, (_, _) => counted.SetResult(Count()));
        Assert.Equal(3, await counted.Task.WaitAsync(Notification.Limit));
        frozen.Thaw();
        await Task.WhenAll(stuck).WaitAsync(Notification.Limit);
        Assert.Empty(await client.GetPendingRequestsAsync());
        await client.DisposeAsync();
        Assert.Empty(await client.GetPendingRequestsAsync());

        int Count() => client.GetPendingRequestsAsync().GetAwaiter().GetResult().Count;
    }

    [Fact]
    public void ALaneThatACallbackHolds_IsCountedAndNotWaitedFor()
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using ManualResetEventSlim entered = new();
        using ManualResetEventSlim leave = new();
        IoUnfinished? report = null;
        DmIoClient client = new(new DmIoOptions { DisposeTimeLimit = Short, DisposeGaveUp = unfinished => report = unfinished });
        client.SubmitRead(device.Region(0, 8), memory, (_, _) =>
        {
            entered.Set();
            leave.Wait(Notification.Limit);
        });
        Assert.True(entered.Wait(Notification.Limit));
        client.Dispose();
        Assert.Equal(1, report!.BlockedLanes);
        Assert.Empty(report.Requests);
        leave.Set();
        client.Dispose();
    }

    /// <summary>A Dispose that reports nothing: within its limit on a machine that is not too busy for it, or the next time.</summary>
    private static void AssertEnds(DmIoClient client, List<IoUnfinished> reports) => Assert.True(
        SpinWait.SpinUntil(
            () =>
            {
                int before = reports.Count;
                client.Dispose();
                return reports.Count == before;
            },
            Notification.Limit),
        "The client does not end.");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteFromAnArrayThatNobodyKeeps(DmIoClient client, BlockDevice device, Notification notification)
    {
        byte[] array = new byte[4096 + 512];
        array.AsSpan().Fill(0x7C);
        client.SubmitWrite(new IoRegion(device, 24, 8), array.AsMemory(0, 4096), Notification.Arrived, notification);
    }
}
