using DmIoUring.DeviceTests.Rings;
using DmIoUring.Drivers;
using DmIoUring.Interop;
using DmIoUring.Rings;
using DmIoUring.TestSupport;
using DmIoUring.Threading;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Synchronous transfers of one chunk on a device for which a ring was faster: what a ring can't do, the system call does.</summary>
public sealed class SyncWayTests
{
    /// <summary>With one processor nobody waits awake unless told to.</summary>
    private static readonly DmIoOptions Awake = new() { WaitPolicy = IoWaitPolicy.Busy };

    /// <summary>More than a thread makes before it may have a ring.</summary>
    private const int Warm = 100;

    public static TheoryData<int, bool> Losses => new()
    {
        { Errno.EBADR, true },
        { Errno.EBADR, false },
        { Errno.ENOMEM, true },
        { Errno.ENOSYS, false },
    };

    [Fact]
    public void WhereARingWasFaster_ItIsUsed()
    {
        Require.KernelRing();
        using TestDevice device = new();
        using DmIoClient client = new(Awake);
        PreferRings(device);
        Assert.Equal(0, ReadAndWrite(client, device, Warm));
        long before = client.Statistics.Entries;
        Assert.Equal(0, ReadAndWrite(client, device, 100));
        Assert.InRange(client.Statistics.Entries - before, 100, 200);
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void WhoseRingIsLost_IsDoneAllTheSame(int errno, bool taken)
    {
        Require.KernelRing();
        FaultyCalls calls = new() { Answer = errno, TakesEntries = taken };
        using TestDevice device = new();
        using DmIoClient client = new(Awake, new KernelRingSource(calls));
        PreferRings(device);
        Assert.Equal(0, ReadAndWrite(client, device, Warm));
        calls.Fail(int.MaxValue);
        Assert.Equal(0, ReadAndWrite(client, device, 50));
        Assert.True(calls.Answered > 0, "No transfer has tried a ring.");
        calls.Fail(0);
        Assert.Equal(0, ReadAndWrite(client, device, 50));

        // What a lost ring did not end well is no operation of the device.
        DeviceStatistics counted = device.Device.Statistics;
        Assert.Equal((Warm + 100, Warm + 100, 0), (counted.Reads, counted.Writes, counted.Failed));
    }

    [Fact]
    public void AThreadThatGetsNoRing_DoesNotTryEachTime()
    {
        Require.KernelRing();
        CountedSetups calls = new();
        using TestDevice device = new();
        using DmIoClient client = new(Awake, new KernelRingSource(calls));
        PreferRings(device);
        calls.Answer = -Errno.ENOMEM;
        int before = calls.Count;
        Assert.Equal(0, ReadAndWrite(client, device, 1000));
        Assert.InRange(calls.Count - before, 1, 40);
    }

    /// <summary>Has the device remember that a ring is the faster way.</summary>
    private static void PreferRings(TestDevice device)
    {
        foreach (bool isWrite in (bool[])[false, true])
        {
            ref WayComparison ways = ref device.Device.SyncTransfers.Of(isWrite, 4096);
            for (int use = 0; use < 10_000; use++)
            {
                bool second = ways.Next(out bool measures);
                if (measures)
                    ways.Note(second, second ? 1 : 1_000_000);
            }

            Assert.True(ways.PrefersSecond);
        }
    }

    /// <summary>How many of so many writes and reads failed, or brought other bytes.</summary>
    private static int ReadAndWrite(DmIoClient client, TestDevice device, int times)
    {
        using IoMemory data = IoMemory.Allocate(4096);
        using IoMemory read = IoMemory.Allocate(4096);
        int wrong = 0;
        for (int i = 0; i < times; i++)
        {
            IoRegion region = device.Region(i % 16 * 8, 8);
            data.GetSpan().Fill((byte)i);
            wrong += client.Write(region, data).IsSuccess ? 0 : 1;
            wrong += client.Read(region, read).IsSuccess && read.GetSpan().SequenceEqual(data.GetSpan()) ? 0 : 1;
        }

        return wrong;
    }

    /// <summary>The kernel, but for io_uring_setup, which is counted and answers an errno when the test says so.</summary>
    private sealed unsafe class CountedSetups : RingCalls
    {
        public int Count { get; private set; }

        /// <summary>0 for the kernel's own answer.</summary>
        public int Answer { get; set; }

        public override int Setup(uint entries, IoUringParams* parameters)
        {
            Count++;
            return Answer != 0 ? Answer : base.Setup(entries, parameters);
        }
    }
}
