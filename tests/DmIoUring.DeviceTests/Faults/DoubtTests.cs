using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>After a failed flush nothing is said to be durable until that is acknowledged, in whatever way it is asked for.</summary>
public sealed class DoubtTests
{
    private const MediumOperations Flush = MediumOperations.Flush;
    private static readonly IoFailure InDoubt = new(0, 64, Errno.EIO, IoFailureCause.InDoubt);

    /// <summary>Every way, kind of device, and what fails: a flush (none), a preflush, a FUA write.</summary>
    public static TheoryData<CallWay, DeviceKind, IoFlags> WaysAndFailures
    {
        get
        {
            TheoryData<CallWay, DeviceKind, IoFlags> data = [];
            foreach (CallWay way in Ways.CallsAsIssued)
            {
                foreach (DeviceKind kind in (DeviceKind[])[DeviceKind.Loop512, DeviceKind.File])
                {
                    foreach (IoFlags flags in (IoFlags[])[IoFlags.None, IoFlags.Preflush, IoFlags.Fua])
                        data.Add(way, kind, flags);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(WaysAndFailures), MemberType = typeof(DoubtTests))]
    public void WhatPromisesDurability_Fails_UntilItIsAcknowledged(CallWay way, DeviceKind kind, IoFlags fails)
    {
        using ClientUnderTest client = new(way);
        using FaultDevice device = new(kind);
        using IoMemory data = Pattern.Memory(4096);
        Assert.Null(device.Device.Doubt);
        using (device.File.Fail(kind == DeviceKind.File && fails == IoFlags.Fua ? MediumOperations.Write : Flush, Errno.EIO))
            Assert.Equal("0b1", Ask(client, device, data, fails).Failed.ToString());

        FlushDoubt doubt = device.Device.Doubt!;
        Assert.Equal((Errno.EIO, 1), (doubt.Errno, doubt.FailedFlushes));
        device.File.ClearLog();
        foreach (IoFlags flags in (IoFlags[])[IoFlags.None, IoFlags.Preflush, IoFlags.Fua])
            Assert.Equal(InDoubt, Ask(client, device, data, flags).First);
        Assert.Empty(device.Changes());

        // Everything else goes on.
        Assert.Equal(default, client.Write(device.Region(64, 8), data));
        Assert.Equal(default, client.Read(device.Region(64, 8), data));

        Assert.True(device.Device.AcknowledgeDoubt(doubt));
        foreach (IoFlags flags in (IoFlags[])[IoFlags.None, IoFlags.Preflush, IoFlags.Fua])
            Assert.Equal(default, Ask(client, device, data, flags));
        Assert.Null(device.Device.Doubt);
    }

    [Theory]
    [MemberData(nameof(Ways.AsIssued), MemberType = typeof(Ways))]
    public void ADoubt_IsOfEverybodyWhoHasTheDeviceOpen_AndOfNobodyElse(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using FaultDevice device = new();
        using FaultDevice other = new();
        using BlockDevice again = BlockDevice.Open(device.Path);
        using (device.File.Fail(Flush, Errno.EIO))
            Assert.Equal("0b1", client.Maintain(IoOperation.Flush, device.Region(0, 0)).Failed.ToString());
        Assert.Equal(new IoFailure(1, 0, Errno.EIO, IoFailureCause.InDoubt), client.Maintain(IoOperation.Flush, other.Region(0, 0), new IoRegion(again, 0, 0)).First);

        // Each acknowledges for itself; who opens it afterwards has nothing to lose.
        Assert.True(again.AcknowledgeDoubt(again.Doubt!));
        Assert.Equal(default, client.Maintain(IoOperation.Flush, new IoRegion(again, 0, 0)));
        Assert.Equal(new IoFailure(0, 0, Errno.EIO, IoFailureCause.InDoubt), client.Maintain(IoOperation.Flush, device.Region(0, 0)).First);
        using BlockDevice later = BlockDevice.Open(device.Path);
        Assert.Equal(default, client.Maintain(IoOperation.Flush, new IoRegion(later, 0, 0)));
        device.AcknowledgeDoubt();
        Assert.Equal(default, client.Maintain(IoOperation.Flush, device.Region(0, 0)));
    }

    [Fact]
    public void SinceTellsTheLastGoodFlush()
    {
        using DmIoClient client = new();
        using FaultDevice device = new();
        long before = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.Equal(default, client.Flush(device.Region(0, 0)));
        long after = System.Diagnostics.Stopwatch.GetTimestamp();
        using (device.File.Fail(Flush, Errno.EIO))
            Assert.False(client.Flush(device.Region(0, 0)).IsSuccess);
        Assert.InRange(device.Device.Doubt!.Since, before, after);
        Assert.Contains("EIO", device.Device.Doubt.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatWasInFlightWhenAFlushFailed_IsInDoubt()
    {
        using DmIoClient client = new();
        using FaultDevice device = new(options: new FaultFileOptions { Volatile = true });
        using FaultDevice slow = new();
        using IoMemory data = Pattern.Memory(4096);
        Notification write = new();
        using (Fault held = slow.File.Hold(MediumOperations.Write))
        {
            client.SubmitWrite([slow.Region(0, 8), device.Region(8, 8)], data, Notification.Arrived, write, IoFlags.Fua);
            Assert.True(held.WaitForHits(1, Notification.Limit));
            Assert.True(SpinWait.SpinUntil(() => device.Changes().Any(static change => change is { Operation: Flush, End: not null }), Notification.Limit));
            using (device.File.Fail(Flush, Errno.EIO, times: 1))
                Assert.False(client.Flush(device.Region(0, 0)).IsSuccess);
        }

        IoResult result = write.Wait();
        Assert.Equal("0b10", result.Failed.ToString());
        Assert.Equal(new IoFailure(1, 8, Errno.EIO, IoFailureCause.InDoubt), result.First);
    }

    [Fact]
    public void AnOldDoubt_DoesNotAcknowledgeANewOne()
    {
        using DmIoClient client = new();
        using FaultDevice device = new();
        using BlockDevice again = BlockDevice.Open(device.Path);
        using (device.File.Fail(Flush, Errno.EIO))
        {
            Assert.False(client.Flush(device.Region(0, 0)).IsSuccess);
            FlushDoubt old = device.Device.Doubt!;
            Assert.True(again.AcknowledgeDoubt(again.Doubt!));
            Assert.False(client.Flush(new IoRegion(again, 0, 0)).IsSuccess);
            Assert.False(device.Device.AcknowledgeDoubt(old));
            Assert.Equal(1, device.Device.Doubt!.FailedFlushes);
        }

        device.AcknowledgeDoubt();
        Assert.NotNull(again.Doubt);
    }

    /// <summary>Flushes of a device that is stuck take no more than half of the places.</summary>
    [Fact]
    public async Task FlushesOfAStuckDevice_LeavePlacesToOthers()
    {
        await using DmIoClient client = new(new DmIoOptions { QueueDepth = 8 });
        using FaultDevice stuck = new();
        using FaultDevice healthy = new();
        using IoMemory data = Pattern.Memory(4096);
        Task<IoResult>[] flushes;
        using (Fault held = stuck.File.Hold(Flush))
        {
            flushes = [.. Enumerable.Range(0, 30).Select(_ => client.FlushAsync([stuck.Region(0, 0)]).AsTask())];
            Assert.True(held.WaitForHits(1, Notification.Limit));
            Task<IoResult> write = client.WriteAsync([healthy.Region(0, 8)], data).AsTask();
            Assert.Same(write, await Task.WhenAny(write, Task.Delay(Notification.Limit)));
            Assert.Equal(default, await write);
        }

        Assert.All(await Task.WhenAll(flushes), static result => Assert.True(result.IsSuccess));
    }

    /// <summary>Group commit: of those that wait while one is in flight the device sees one.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task FlushesThatWait_AreOneOfTheDevice(int lanes)
    {
        const int waiting = 50;
        await using DmIoClient client = new(new DmIoOptions { Lanes = lanes });
        using FaultDevice device = new();
        List<Task<IoResult>> flushes = [];
        using (Fault held = device.File.Hold(Flush))
        {
            flushes.Add(client.FlushAsync([device.Region(0, 0)]).AsTask());
            Assert.True(held.WaitForHits(1, Notification.Limit));
            for (int i = 0; i < waiting; i++)
                flushes.Add(client.FlushAsync([device.Region(0, 0)]).AsTask());

            // All of them have come to the lane.
            while ((await client.GetPendingRequestsAsync()).Count <= waiting)
                await Task.Yield();
        }

        IoResult[] results = await Task.WhenAll(flushes);
        Assert.All(results, static result => Assert.True(result.IsSuccess));
        Assert.Equal(2, device.Changes().Count(static request => request.Operation == Flush));
        Assert.Equal((2, waiting - 1), (client.Statistics.Flushes, client.Statistics.JoinedFlushes));
    }

    private static IoResult Ask(ClientUnderTest client, FaultDevice device, IoMemory data, IoFlags flags) => flags == IoFlags.None
        ? client.Maintain(IoOperation.Flush, device.Region(64, 0))
        : client.Write(device.Region(64, 8), data, flags);
}
