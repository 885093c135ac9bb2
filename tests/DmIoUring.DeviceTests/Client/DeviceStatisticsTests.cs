using DmIoUring.Engine;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.DeviceTests.Client;

/// <summary><see cref="BlockDevice.Statistics"/>: the same sums in every way.</summary>
public sealed class DeviceStatisticsTests
{
    private const int Kilo = 1 << 10;

    private static readonly DeviceStatistics Nothing = new()
    {
        Reads = 0,
        ReadBytes = 0,
        Writes = 0,
        WrittenBytes = 0,
        Flushes = 0,
        Discards = 0,
        DiscardedBytes = 0,
        ZeroWrites = 0,
        ZeroedBytes = 0,
        Failed = 0,
        Unsupported = 0,
        ShortTransfers = 0,
        Retries = 0,
    };

    /// <summary>What is asked for, and what is then counted for the first device and for the second.</summary>
    private static readonly Row[] Table =
    [
        new("a write of one region", static (client, one, _, data) => client.Write(one.Region(0, 8), data), Writes(1, 4096)),
        new("a write of one region, as a list", static (client, one, _, data) => client.Write([one.Region(8, 16)], data), Writes(1, 8192)),
        new("a read", static (client, one, _, data) => client.Read(one.Region(0, 16), data), Reads(1, 8192)),
        new(
            "a write to both, to one of them twice",
            static (client, one, two, data) => client.Write([one.Region(0, 8), two.Region(8, 24), two.Region(64, 8)], data),
            Writes(1, 4096),
            Writes(2, 16 * Kilo)),
        new("a read of several chunks", static (client, one, _, data) => client.Read(one.Region(128, 1024), data), Reads(1, 512 * Kilo)),
        new(
            "a write of several chunks to both",
            static (client, one, two, data) => client.Write([one.Region(128, 1024), two.Region(256, 512)], data),
            Writes(1, 512 * Kilo),
            Writes(1, 256 * Kilo)),
        new("a read into misaligned memory", static (client, one, _, data) => client.Read(one.Region(0, 8), data.Slice(13, 4096)), Reads(1, 4096)),
        new("a write from misaligned memory", static (client, one, _, data) => client.Write(one.Region(0, 600), data.Slice(7, 400 * Kilo)), Writes(1, 300 * Kilo)),
        new("a read of no sectors", static (client, one, _, data) => client.Read(one.Region(8, 0), data), Nothing),
        new("FUA", static (client, one, _, data) => client.Write(one.Region(0, 8), data, IoFlags.Fua), Writes(1, 4096)),
        new("FUA of several chunks", static (client, one, _, data) => client.Write(one.Region(0, 512), data, IoFlags.Fua), Writes(1, 256 * Kilo)),
        new("a preflush", static (client, one, _, data) => client.Write(one.Region(0, 8), data, IoFlags.Preflush), Writes(1, 4096) with { Flushes = 1 }),
        new(
            "a preflush of several chunks, and one that is nothing else",
            static (client, one, two, data) => client.Write([one.Region(0, 512), two.Region(0, 0)], data, IoFlags.Preflush | IoFlags.Fua),
            Writes(1, 256 * Kilo) with { Flushes = 1 },
            Nothing with { Flushes = 1 }),
        new(
            "flushes",
            static (client, one, two, _) => client.Maintain(IoOperation.Flush, one.Region(0, 8), two.Region(0, 0), one.Region(0, 0)),
            Nothing with { Flushes = 2 },
            Nothing with { Flushes = 1 }),
        new(
            "zeroes",
            static (client, one, two, _) => client.Maintain(IoOperation.WriteZeroes, one.Region(8, 24), two.Region(0, 0), one.Region(64, 8)),
            Nothing with { ZeroWrites = 2, ZeroedBytes = 16 * Kilo }),
        new("a flush of one region", static (client, one, _, _) => client.Maintain(IoOperation.Flush, one.Region(0, 8)), Nothing with { Flushes = 1 }),
        new("zeroes of one region", static (client, one, _, _) => client.Maintain(IoOperation.WriteZeroes, one.Region(8, 24)), Nothing with { ZeroWrites = 1, ZeroedBytes = 12 * Kilo }),
        new("a discard of one region", static (client, one, _, _) => client.Maintain(IoOperation.Discard, one.Region(64, 16)), Nothing with { Discards = 1, DiscardedBytes = 8 * Kilo }),
        new(
            "beyond the end",
            static (client, one, two, data) => client.Write([one.Region(one.Device.SectorCount, 8), two.Region(0, 8)], data),
            Writes(1, 0) with { Failed = 1 },
            Writes(1, 4096)),
        new("a read beyond the end", static (client, one, _, data) => client.Read(one.Region(one.Device.SectorCount - 8, 16), data), Reads(1, 0) with { Failed = 1 }),
    ];

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void CountEachRegionAndItsBytesOnce(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 64 * Kilo });
        using TestDevice one = new(kind);
        using TestDevice two = new(DeviceKind.Loop512);
        using IoMemory data = Pattern.Memory(1 << 20);
        client.Warm(one.Device);
        DeviceStatistics first = Nothing;
        DeviceStatistics second = Nothing;

        // Twice: the second time the devices are held. Flushes, zeroes and discards of one region are made by the call for one region and by that for several in turn:
        // three of them a round, so that the second round has the other one.
        foreach (Row row in (Row[])[.. Table, .. Table])
        {
            _ = row.Ask(client, one, two, data);
            first = Sum(first, row.First);
            second = Sum(second, row.Second);
            AssertCounts(row.Name, first, one.Device);
            AssertCounts(row.Name, second, two.Device);
        }

        client.End();
        AssertCounts("the client's end", first, one.Device);
        AssertCounts("the client's end", second, two.Device);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void OfBufferedFiles_CountTheSame(CallWay way)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 64 * Kilo });
        using ScratchFile file = ScratchFile.Create(1 << 20);
        using BlockDevice device = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false });
        using BlockDevice same = BlockDevice.Open(file.Path);
        using IoMemory data = Pattern.Memory(1 << 20);
        Assert.Equal(default, client.Write(new IoRegion(device, 3, 700), data));
        Assert.Equal(default, client.Read(new IoRegion(device, 5, 9), data));
        Assert.Equal(default, client.Maintain(IoOperation.Flush, new IoRegion(device, 0, 0)));
        Assert.Equal(default, client.Maintain(IoOperation.Discard, new IoRegion(device, 8, 16)));
        DeviceStatistics expected = Nothing with
        {
            Reads = 1,
            ReadBytes = 9 * 512,
            Writes = 1,
            WrittenBytes = 700 * 512,
            Flushes = 1,
            Discards = 1,
            DiscardedBytes = 8192,
        };
        AssertCounts("all", expected, device);
        AssertCounts("another object of the same file", Nothing, same);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void OfABorrowedHandle_CountTheSame(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice file = new(DeviceKind.File);
        using SafeFileHandle handle = File.OpenHandle(file.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        using BlockDevice device = BlockDevice.FromHandle(handle);
        using IoMemory data = Pattern.Memory(8192);
        for (int i = 0; i < 3; i++)
            Assert.Equal(default, client.Write([new IoRegion(device, 0, 8), new IoRegion(device, 64, 16)], data));
        Assert.Equal(default, client.Read(new IoRegion(device, 0, 16), data));
        AssertCounts("all", Nothing with { Reads = 1, ReadBytes = 8192, Writes = 6, WrittenBytes = 3 * 12 * Kilo }, device);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void OffTheBlock_IsUnsupported(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(DeviceKind.Loop4096);
        using IoMemory data = Pattern.Memory(4096);
        Assert.Equal("0b1", client.Write([device.Region(1, 1), device.Region(8, 8)], data).Unsupported.ToString());
        AssertCounts("a write", Writes(2, 4096) with { Unsupported = 1 }, device.Device);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void WhereTheFileEnds_BytesBeforeTheEndCount(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(16 << 10);
        using (FileStream medium = new(device.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            medium.SetLength(64 << 10);
        IoResult result = client.Read(device.Region(120, 32), data);
        Assert.Equal(IoFailureCause.EndedEarly, result.First.Cause);
        AssertCounts("a read", Reads(1, 4096) with { Failed = 1 }, device.Device);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void FromManyThreads_NothingIsLost(CallWay way)
    {
        const int Threads = 4, Each = 200;
        using ClientUnderTest client = new(way);
        using TestDevice one = new();
        using TestDevice two = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        client.Warm(one.Device);
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(thread => new Thread(() =>
        {
            for (int i = 0; i < Each; i++)
                _ = thread % 2 == 0 ? client.Write([one.Region(8 * thread, 8), two.Region(8 * thread, 8)], data) : client.Write(one.Region(8 * thread, 8), data);
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        AssertCounts("all", Writes(Threads * Each, Threads * Each * 4096), one.Device);
        AssertCounts("all", Writes(Threads * Each / 2, Threads * Each / 2 * 4096), two.Device);
    }

    [Fact]
    public void OfADeviceThatManyClientsHaveUsed_StayAfterTheirEnd()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        for (int i = 0; i < 10; i++)
        {
            using DmIoClient client = new();
            Assert.Equal(default, client.Write([device.Region(0, 8), device.Region(8, 8)], data));
            Notification notification = new();
            client.SubmitWrite(device.Region(0, 8), data, Notification.Arrived, notification);
            Assert.Equal(default, notification.Wait());
        }

        AssertCounts("all", Writes(30, 30 * 4096), device.Device);
        device.Device.Dispose();
        AssertCounts("after its end", Writes(30, 30 * 4096), device.Device);
    }

    [Fact]
    public void ARequestOutOfTime_FailsOnce()
    {
        using FaultDevice device = new(DeviceKind.File);
        using DmIoClient client = new(new DmIoOptions { RequestTimeLimit = TimeSpan.FromMilliseconds(50) });
        using PageReservation reserve = client.Reserve(4);
        using IoMemory data = Pattern.Memory(4096);
        using (Fault stuck = device.File.Hold(MediumOperations.Write))
        {
            IoResult result = client.WriteAsync([device.Region(0, 8)], data, IoFlags.StableCopy).AsTask().Result;
            Assert.Equal(IoFailureCause.TimedOut, result.First.Cause);
            AssertCounts("abandoned", Writes(1, 0) with { Failed = 1 }, device.Device);
        }

        Assert.Equal(default, client.WriteAsync([device.Region(0, 8)], data).AsTask().Result);
        AssertCounts("and one more", Writes(2, 4096) with { Failed = 1 }, device.Device);
    }

    private static DeviceStatistics Writes(long operations, long bytes) => Nothing with { Writes = operations, WrittenBytes = bytes };

    private static DeviceStatistics Reads(long operations, long bytes) => Nothing with { Reads = operations, ReadBytes = bytes };

    private static DeviceStatistics Sum(DeviceStatistics left, DeviceStatistics right) => new()
    {
        Reads = left.Reads + right.Reads,
        ReadBytes = left.ReadBytes + right.ReadBytes,
        Writes = left.Writes + right.Writes,
        WrittenBytes = left.WrittenBytes + right.WrittenBytes,
        Flushes = left.Flushes + right.Flushes,
        Discards = left.Discards + right.Discards,
        DiscardedBytes = left.DiscardedBytes + right.DiscardedBytes,
        ZeroWrites = left.ZeroWrites + right.ZeroWrites,
        ZeroedBytes = left.ZeroedBytes + right.ZeroedBytes,
        Failed = left.Failed + right.Failed,
        Unsupported = left.Unsupported + right.Unsupported,
        ShortTransfers = 0,
        Retries = 0,
    };

    /// <summary>How often a kernel transfers a part, or asks for another try, is its own matter.</summary>
    private static void AssertCounts(string after, DeviceStatistics expected, BlockDevice device) =>
        Assert.Equal((after, expected), (after, device.Statistics with { ShortTransfers = 0, Retries = 0 }));

    private sealed record Row(
        string Name, Func<ClientUnderTest, TestDevice, TestDevice, IoMemory, IoResult> Ask, DeviceStatistics First, DeviceStatistics Second)
    {
        public Row(string name, Func<ClientUnderTest, TestDevice, TestDevice, IoMemory, IoResult> ask, DeviceStatistics first)
            : this(name, ask, first, Nothing)
        {
        }
    }
}
