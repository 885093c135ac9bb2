using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>Flushes that fail, and the order of flushes and writes, as the device's own log has them.</summary>
public sealed class FlushFaultTests
{
    private const MediumOperations Write = MediumOperations.Write;
    private const MediumOperations Flush = MediumOperations.Flush;
    private const IoFlags Both = IoFlags.Preflush | IoFlags.Fua;

    public static TheoryData<CallWay, int> WaysAndChunks
    {
        get
        {
            TheoryData<CallWay, int> data = [];
            foreach (CallWay way in Ways.CallsAsIssued)
            {
                data.Add(way, 1 << 20);
                data.Add(way, 4096);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Ways.AsIssuedOnAllDevices), MemberType = typeof(Ways))]
    public void AFlushThatFails_IsItsRegionsBit(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using FaultDevice first = new(kind);
        using FaultDevice second = new(kind);
        using (Fault fault = second.File.Fail(Flush, Errno.EIO))
        {
            IoResult result = client.Maintain(IoOperation.Flush, first.Region(0, 0), second.Region(8, 8), first.Region(8, 0));
            Assert.Equal(("0b10", "0b0"), (result.Failed.ToString(), result.Unsupported.ToString()));
            Assert.Equal(new IoFailure(1, 8, Errno.EIO, IoFailureCause.Device), result.First);
            Assert.Equal(1, fault.Hits);
        }

        second.AcknowledgeDoubt();
        Assert.Equal(default, client.Maintain(IoOperation.Flush, first.Region(0, 0), second.Region(8, 8)));
        Assert.All(first.Changes(), static request => Assert.Equal((Flush, 0), (request.Operation, request.Errno)));
    }

    [Theory]
    [MemberData(nameof(Ways.AsIssuedOnAllDevices), MemberType = typeof(Ways))]
    public void APreflushThatFails_LetsNoneOfItsRegionsDataThrough(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096 });
        using FaultDevice first = new(kind);
        using FaultDevice second = new(kind);
        using IoMemory data = Pattern.Memory(32 << 10);
        using (second.File.Fail(Flush, Errno.EIO, times: 1))
        {
            IoResult result = client.Write([first.Region(0, 64), second.Region(64, 64)], data, Both);
            Assert.Equal(("0b10", "0b0"), (result.Failed.ToString(), result.Unsupported.ToString()));
            Assert.Equal(new IoFailure(1, 64, Errno.EIO, IoFailureCause.Device), result.First);
        }

        first.AssertHolds(0, data.GetSpan());
        second.AssertUntouched(0, 2048);
        Assert.Equal([(Flush, Errno.EIO)], second.Changes().Select(static request => (request.Operation, request.Errno)));
        second.AcknowledgeDoubt();
        Assert.Equal(default, client.Write([first.Region(0, 64), second.Region(64, 64)], data, Both));
        second.AssertHolds(64, data.GetSpan());
    }

    /// <summary>Of one piece, which the kernel flushes after, and of several, which the engine does.</summary>
    [Theory]
    [MemberData(nameof(WaysAndChunks))]
    public void FuaWhoseFlushFails_IsTheRegionsBit_ThoughTheDataWasWritten(CallWay way, int chunkBytes)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = chunkBytes });
        using FaultDevice first = new();
        using FaultDevice second = new();
        using IoMemory data = Pattern.Memory(16 << 10);
        using (first.File.Fail(Flush, Errno.EIO))
        {
            IoResult result = client.Write([first.Region(16, 32), second.Region(16, 32)], data, IoFlags.Fua);
            Assert.Equal(("0b1", "0b0"), (result.Failed.ToString(), result.Unsupported.ToString()));
            Assert.Equal(new IoFailure(0, 16, Errno.EIO, IoFailureCause.Device), result.First);
        }

        first.AssertHolds(16, data.GetSpan());
        first.AcknowledgeDoubt();
        Assert.Equal(default, client.Write([first.Region(16, 32), second.Region(16, 32)], data, IoFlags.Fua));
    }

    [Theory]
    [MemberData(nameof(Ways.AsIssued), MemberType = typeof(Ways))]
    public void FuaOfManyPieces_DoesNotWaitForAStuckSibling(CallWay way)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096 });
        using FaultDevice sound = new(options: new FaultFileOptions { Volatile = true });
        using FaultDevice stuck = new(options: new FaultFileOptions { Volatile = true });
        using IoMemory data = Pattern.Memory(32 << 10);
        byte[] bytes = data.GetSpan().ToArray();
        using Fault held = stuck.File.Hold(Write, firstSector: 24, sectors: 8);
        Task<IoResult> result = Task.Run(() => client.Write([sound.Region(0, 64), stuck.Region(0, 64)], data, IoFlags.Fua));

        Assert.True(SpinWait.SpinUntil(() => bytes.AsSpan().SequenceEqual(sound.File.ReadDurable(0, 64)), Notification.Limit), "The sound leg is not flushed.");
        Assert.False(result.IsCompleted);
        Assert.DoesNotContain(stuck.Changes(), static request => request.Operation == Flush);
        held.Dispose();
        Assert.True(result.Wait(Notification.Limit));
        Assert.Equal(default, result.Result);
        Assert.True(bytes.AsSpan().SequenceEqual(stuck.File.ReadDurable(0, 64)));
    }

    [Theory]
    [MemberData(nameof(Ways.AsIssued), MemberType = typeof(Ways))]
    public void APreflush_LetsItsOwnDataThrough_WhileASiblingsIsStuck(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using FaultDevice sound = new();
        using FaultDevice stuck = new();
        using IoMemory data = Pattern.Memory(32 << 10);
        byte[] bytes = data.GetSpan().ToArray();
        using Fault held = stuck.File.Hold(Flush);
        Task<IoResult> result = Task.Run(() => client.Write([sound.Region(0, 64), stuck.Region(0, 64)], data, IoFlags.Preflush));

        Assert.True(SpinWait.SpinUntil(() => bytes.AsSpan().SequenceEqual(sound.File.Read(0, 64)), Notification.Limit), "The sound leg is not written.");
        Assert.False(result.IsCompleted);
        stuck.AssertUntouched(0, 64);
        held.Dispose();
        Assert.True(result.Wait(Notification.Limit));
        Assert.Equal(default, result.Result);
        stuck.AssertHolds(0, bytes);
    }

    /// <summary>What lies below the sector that is reported is as durable as if each piece had been flushed.</summary>
    [Theory]
    [MemberData(nameof(Ways.AsIssued), MemberType = typeof(Ways))]
    public void FuaOfManyPieces_OneFails_WhatLiesBelowItIsDurable(CallWay way)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096 });
        using FaultDevice device = new(options: new FaultFileOptions { Volatile = true });
        using IoMemory data = Pattern.Memory(32 << 10);
        using Fault bad = device.File.Fail(Write, Errno.EIO, firstSector: 24, sectors: 8);
        IoResult result = client.Write([device.Region(0, 64)], data, IoFlags.Fua);
        Assert.Equal(new IoFailure(0, 24, Errno.EIO, IoFailureCause.Device), result.First);
        Assert.True(data.GetSpan()[..(24 * 512)].SequenceEqual(device.File.ReadDurable(0, 24)));
    }

    /// <summary>Whatever the time limit comes upon, writes or flushes: what has no bit is durable.</summary>
    [Theory]
    [MemberData(nameof(Ways.AsIssued), MemberType = typeof(Ways))]
    public void FuaOfManyPieces_PastTheTimeLimit_IsDurableOrHasItsBit(CallWay way)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096, RequestTimeLimit = TimeSpan.FromMilliseconds(50) });
        FaultDevice[] devices = [.. Enumerable.Range(0, 3).Select(static _ => new FaultDevice(options: new FaultFileOptions { Volatile = true }))];
        try
        {
            using IoMemory data = Pattern.Memory(32 << 10);
            using Fault write = devices[1].File.Slow(Write, TimeSpan.FromMilliseconds(100), firstSector: 24, sectors: 8);
            using Fault flush = devices[2].File.Slow(Flush, TimeSpan.FromMilliseconds(100));
            IoResult result = client.Write([.. devices.Select(static device => device.Region(0, 64))], data, IoFlags.Fua);
            for (int leg = 0; leg < devices.Length; leg++)
                Assert.True(result.Failed[leg] || data.GetSpan().SequenceEqual(devices[leg].File.ReadDurable(0, 64)), $"Leg {leg} is not durable: {result}");
        }
        finally
        {
            Array.ForEach(devices, static device => device.Dispose());
        }
    }

    [Theory]
    [MemberData(nameof(Ways.AsIssuedOnAllDevices), MemberType = typeof(Ways))]
    public void APreflush_HasEndedOnEachDevice_BeforeItsDataComes(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096 });
        using FaultDevice first = new(kind);
        using FaultDevice second = new(kind);
        using IoMemory data = Pattern.Memory(32 << 10);

        // The second's flush is slow: its own data waits for it.
        using Fault slow = second.File.Slow(Flush, TimeSpan.FromMilliseconds(5));
        for (int round = 0; round < 5; round++)
        {
            Assert.Equal(default, client.Write([first.Region(round * 64, 64), second.Region(round * 64, 64)], data, IoFlags.Preflush));
            foreach (FaultDevice device in (FaultDevice[])[first, second])
            {
                MediumRequest[] changes = device.Changes();
                Assert.Equal(Flush, changes[0].Operation);
                Assert.True(changes.Length > 1);
                Assert.All(changes[1..], write =>
                {
                    Assert.Equal(Write, write.Operation);
                    Assert.True(changes[0].EndedBefore(write));
                });
                Assert.Equal(32 << 10, changes.Sum(static request => request.Length));
                device.File.ClearLog();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ways.AsIssued), MemberType = typeof(Ways))]
    public void Fua_IsAllWritesAndThenOneFlush_BeforeTheResult(CallWay way)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096 });
        using FaultDevice first = new(options: new FaultFileOptions { Volatile = true });
        using FaultDevice second = new(options: new FaultFileOptions { Volatile = true });
        using IoMemory data = Pattern.Memory(32 << 10);
        using Fault slow = second.File.Slow(Flush, TimeSpan.FromMilliseconds(2));
        for (int round = 0; round < 5; round++)
        {
            Assert.Equal(default, client.Write([first.Region(round * 64, 64), second.Region(round * 64, 64)], data, IoFlags.Fua));
            foreach (FaultDevice device in (FaultDevice[])[first, second])
            {
                MediumRequest[] changes = device.Changes();
                MediumRequest[] flushes = [.. changes.Where(static request => request.Operation == Flush)];
                MediumRequest[] writes = [.. changes.Where(static request => request.Operation == Write)];
                Assert.Equal(32 << 10, writes.Sum(static request => request.Length));
                MediumRequest flush = Assert.Single(flushes);
                Assert.All(writes, write => Assert.True(write.EndedBefore(flush) && flush.End is not null));
                Assert.True(data.GetSpan().SequenceEqual(device.File.ReadDurable(round * 64, 64)));
                device.File.ClearLog();
            }
        }
    }

    /// <summary>One region of one chunk is what one system call serves without a ring; its promise is the same.</summary>
    [Theory]
    [MemberData(nameof(Ways.AsIssuedOnAllDevices), MemberType = typeof(Ways))]
    public void Fua_OfOneRegion_IsDurableWhenItHasEnded(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using FaultDevice device = new(kind, options: new FaultFileOptions { Volatile = true });
        using IoMemory data = Pattern.Memory(4096);
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(default, client.Write(device.Region(round * 8, 8), data));
            Assert.DoesNotContain(device.Changes(), static request => request.Operation == Flush);
            device.File.ClearLog();
            Assert.Equal(default, client.Write(device.Region(256 + (round * 8), 8), data, IoFlags.Fua));
            MediumRequest[] changes = device.Changes();
            MediumRequest write = Assert.Single(changes, static request => request.Operation == Write);

            // A file's own write says so; a loop device, which has no FUA, gets a write and then a flush.
            Assert.True(changes.Count(static request => request.Operation == Flush) <= 1, "The device was flushed more than once.");
            Assert.True(write.Durable || changes.Any(flush => flush.Operation == Flush && write.EndedBefore(flush) && flush.End is not null));
            Assert.True(data.GetSpan().SequenceEqual(device.File.ReadDurable(256 + (round * 8), 8)));
            device.File.ClearLog();
        }
    }

    [Fact]
    public void OneDevicesSlowFlush_DoesNotHoldUpTheDataOfTheOther()
    {
        using DmIoClient client = new();
        using FaultDevice first = new();
        using FaultDevice second = new();
        using IoMemory data = Pattern.Memory(4096);
        Notification notification = new();
        using (Fault held = first.File.Hold(Flush))
        using (Fault arrival = second.File.Slow(Write, TimeSpan.Zero))
        {
            client.SubmitWrite([first.Region(0, 8), second.Region(0, 8)], data, Notification.Arrived, notification, IoFlags.Preflush);
            Assert.True(held.WaitForHits(1, Notification.Limit));
            Assert.True(arrival.WaitForHits(1, Notification.Limit));
            Assert.Equal(0, notification.Calls);
            Assert.Equal([Flush], first.Changes().Select(static request => request.Operation));
        }

        Assert.Equal(default, notification.Wait());
        first.AssertHolds(0, data.GetSpan());
        second.AssertHolds(0, data.GetSpan());
    }
}
