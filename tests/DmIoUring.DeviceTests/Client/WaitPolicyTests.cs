using System.Diagnostics;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>However completions are waited for, results and bytes are the same.</summary>
public sealed class WaitPolicyTests
{
    /// <summary>So many that a synchronous transfer is tried by the system call and by a ring, several times each.</summary>
    private const int Requests = 250;

    public static TheoryData<CallWay, IoWaitPolicy> WaysAndPolicies
    {
        get
        {
            TheoryData<CallWay, IoWaitPolicy> data = [];
            foreach (CallWay way in Ways.Calls)
            {
                foreach (IoWaitPolicy policy in Enum.GetValues<IoWaitPolicy>())
                    data.Add(way, policy);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(WaysAndPolicies))]
    public void ManyRequests_EachArriveWhole_AndEndOnce(CallWay way, IoWaitPolicy policy)
    {
        using TestDevice first = new();
        using TestDevice second = new();
        using IoMemory data = IoMemory.Allocate(4096);
        using IoMemory read = IoMemory.Allocate(4096);
        using ClientUnderTest client = new(way, new DmIoOptions { WaitPolicy = policy });
        for (int i = 0; i < Requests; i++)
        {
            data.GetSpan().Fill((byte)i);
            IoRegion there = first.Region(i % 16 * 8, 8);
            Assert.Equal(default, client.Write(there, data));
            if (i % 4 == 0)
                Assert.Equal(default, client.Write([there, second.Region(0, 8)], data));
            read.GetSpan().Fill(0xFF);
            Assert.Equal(default, client.Read(i % 4 == 0 ? second.Region(0, 8) : there, read));
            Assert.Equal(data.GetSpan(), read.GetSpan());
        }
    }

    [Theory]
    [MemberData(nameof(WaysAndPolicies))]
    public void AFailedTransfer_IsReportedTheSame_EveryTime(CallWay way, IoWaitPolicy policy)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoMemory read = IoMemory.Allocate(4096);
        using ClientUnderTest client = new(way, new DmIoOptions { WaitPolicy = policy });
        IoRegion gone = device.Region(1536, 8);

        // The device is shorter than the client knows, so that the kernel itself says no.
        device.Loop.Resize(512 << 10);
        for (int i = 0; i < Requests; i++)
        {
            IoResult written = client.Write(gone, data);
            Assert.Equal(new IoFailure(0, 1536, Errno.ENOSPC, IoFailureCause.Device), written.First);
            read.GetSpan().Fill(0xFF);
            Assert.Equal("0b1", client.Read(gone, read).Failed.ToString());
            Assert.Equal(-1, read.GetSpan().IndexOfAnyExcept((byte)0));
        }
    }

    [Fact]
    public void APollThatIsAwake_KeepsItsTimeLimit()
    {
        const int polls = 6;
        Require.KernelRing();
        using FrozenFile frozen = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new(new IoReactorOptions { WaitPolicy = IoWaitPolicy.Busy, SpinLimit = TimeSpan.FromSeconds(1), DisposeTimeLimit = TimeSpan.FromSeconds(5) });
        Notification notification = new();
        reactor.SubmitWrite([new IoRegion(frozen.Device, 0, 8)], data, Notification.Arrived, notification);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < polls; i++)
            Assert.Equal(0, reactor.Poll(1, TimeSpan.FromMilliseconds(5)));

        // Awake to the spin limit, each would take a second.
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.FromMilliseconds(5 * polls), TimeSpan.FromSeconds(polls / 2));
        frozen.Thaw();
        Assert.Equal(1, reactor.Poll(1));
    }
}
