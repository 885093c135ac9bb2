using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Simulated;

/// <summary>Each kind of fault gives the bits, the errno and the cause that the engine gives on a real device that fails so.</summary>
public sealed class SimulatedFaultTests
{
    public static TheoryData<CallWay> Ways => SimulatedBench.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public void AFailedWrite_HasItsErrnoAndSector_AsOftenAsItIsTold(CallWay way)
    {
        using SimulatedBench bench = new();
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        using (Fault fault = bench.Disk.Fail(MediumOperations.Write, Errno.EIO, firstSector: 16, sectors: 8, times: 2))
        {
            Assert.Equal(default, client.Write(bench.Region(8, 8), data));
            for (int i = 1; i <= 2; i++)
            {
                Assert.Equal(new IoFailure(0, 16, Errno.EIO, IoFailureCause.Device), client.Write(bench.Region(16, 8), data).First);
                Assert.Equal(i, fault.Hits);
            }

            Assert.Equal(default, client.Write(bench.Region(16, 8), data));
        }

        Assert.Equal(2, bench.Device.Statistics.Failed);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void AFailedRead_ZeroesItsBuffer(CallWay way)
    {
        using SimulatedBench bench = new();
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        using Fault fault = bench.Disk.Fail(MediumOperations.Read, Errno.ENODATA);
        Assert.Equal(new IoFailure(0, 8, Errno.ENODATA, IoFailureCause.Device), client.Read(bench.Region(8, 8), data).First);
        Assert.False(data.GetSpan().ContainsAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void AFailedFlush_LeavesADoubt_AndLosesSomeOfWhatItShouldHaveKept(CallWay way)
    {
        bool lost = false, kept = false;
        for (int seed = 0; seed < 16; seed++)
        {
            using SimulatedBench bench = new(seed: seed);
            using ClientUnderTest client = bench.NewClient(way);
            using IoMemory data = Pattern.Memory(64 << 10);
            Assert.Equal(default, client.Write(bench.Region(0, 128), data));
            using (bench.Disk.Fail(MediumOperations.Flush, Errno.EIO, times: 1))
                Assert.Equal(new IoFailure(0, 0, Errno.EIO, IoFailureCause.Device), client.Maintain(IoOperation.Flush, bench.Region(0, 0)).First);
            Assert.Equal(IoFailureCause.InDoubt, client.Maintain(IoOperation.Flush, bench.Region(0, 0)).First.Cause);
            bench.AcknowledgeDoubt();

            // It ends well, reads give all, and the power cut shows what is missing.
            Assert.Equal(default, client.Maintain(IoOperation.Flush, bench.Region(0, 0)));
            Assert.True(data.GetSpan().SequenceEqual(bench.Disk.Read(0, 128)));
            bool isWhole = bench.IsDurable(0, data.GetSpan());
            lost |= !isWhole;
            kept |= isWhole;

            // What is written again after the doubt is kept by the next flush.
            Assert.Equal(default, client.Write(bench.Region(0, 128), data));
            Assert.Equal(default, client.Maintain(IoOperation.Flush, bench.Region(0, 0)));
            Assert.True(bench.IsDurable(0, data.GetSpan()));
        }

        Assert.True(lost && kept);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void AShortTransfer_IsContinued(CallWay way)
    {
        using SimulatedBench bench = new();
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(8192), read = IoMemory.Allocate(8192);
        using Fault fault = bench.Disk.Shorten(MediumOperations.All, most: 1536, times: 4);
        Assert.Equal(default, client.Write(bench.Region(0, 16), data));
        Assert.Equal(default, client.Read(bench.Region(0, 16), read));
        Assert.True(read.GetSpan().SequenceEqual(data.GetSpan()));
        Assert.Equal(4, client.Statistics.ShortTransfers);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void AnErrorOfTheMoment_IsRetried_AndForEverIsExhausted(CallWay way)
    {
        using SimulatedBench bench = new();
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(512);
        using (bench.Disk.Fail(MediumOperations.Write, Errno.EAGAIN, times: 3))
            Assert.Equal(default, client.Write(bench.Region(0, 1), data));
        Assert.Equal(3, client.Retries);
        using (bench.Disk.Fail(MediumOperations.Write, Errno.EAGAIN))
            Assert.Equal(new IoFailure(0, 0, Errno.EAGAIN, IoFailureCause.RetriesExhausted), client.Write(bench.Region(0, 1), data).First);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void ASlowRequest_TakesItsTime_AndIsDone(CallWay way)
    {
        using SimulatedBench bench = new();
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        using Fault fault = bench.Disk.Slow(MediumOperations.Write, TimeSpan.FromMilliseconds(5));
        Assert.Equal(default, client.Write(bench.Region(0, 8), data));
        Assert.True(data.GetSpan().SequenceEqual(bench.Disk.Read(0, 8)));
        Assert.Equal(1, fault.Hits);
    }

    [Fact]
    public void AHeldRequest_HoldsUpNoOther_AndIsDoneOnRelease()
    {
        using SimulatedBench bench = new();
        using DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = Pattern.Memory(4096);
        Notification notification = new();
        using (Fault held = bench.Disk.Hold(MediumOperations.Write, firstSector: 0, sectors: 8))
        {
            client.SubmitWrite(bench.Region(0, 8), data, Notification.Arrived, notification);
            Assert.True(held.WaitForHits(1, Notification.Limit));
            Assert.Equal(default, client.Write(bench.Region(8, 8), data));
            Assert.Equal(0, notification.Calls);
            Assert.False(bench.Disk.Read(0, 8).AsSpan().ContainsAnyExcept((byte)0));
        }

        Assert.Equal(default, notification.Wait());
        Assert.True(data.GetSpan().SequenceEqual(bench.Disk.Read(0, 8)));
    }

    /// <summary>As with a stuck device: the request ends when the disk gives its buffer back, with what the limit has made of it.</summary>
    [Fact]
    public void AHeldRequest_ThatTimesOut_EndsWhenItIsReleased_AndAStableCopyAtOnce()
    {
        using SimulatedBench bench = new();
        using DmIoClient client = bench.Simulation.CreateClient(new DmIoOptions { RequestTimeLimit = TimeSpan.FromMilliseconds(20) });
        using PageReservation pages = client.Reserve(8);
        using IoMemory data = Pattern.Memory(4096);
        Notification plain = new(), copied = new();
        using (Fault held = bench.Disk.Hold(MediumOperations.Write))
        {
            client.SubmitWrite(bench.Region(0, 8), data, Notification.Arrived, plain);
            client.SubmitWrite(bench.Region(8, 8), data, Notification.Arrived, copied, IoFlags.StableCopy);
            Assert.Equal(new IoFailure(0, 8, Errno.ETIMEDOUT, IoFailureCause.TimedOut), copied.Wait().First);
            Assert.Equal(0, plain.Calls);
            held.Dispose();
        }

        // It was done after all.
        Assert.Equal(default, plain.Wait());
        Assert.Equal((1, 1), (plain.Calls, copied.Calls));
    }

    [Fact]
    public void DisposedWithAHeldRequest_TheClientGivesUp_AndTheRequestEndsLater()
    {
        using SimulatedBench bench = new();
        IoUnfinished? unfinished = null;
        DmIoClient client = bench.Simulation.CreateClient(new DmIoOptions { DisposeTimeLimit = TimeSpan.FromMilliseconds(20), DisposeGaveUp = gaveUp => unfinished = gaveUp });
        using IoMemory data = Pattern.Memory(4096);
        Notification notification = new();
        using (Fault held = bench.Disk.Hold(MediumOperations.Write))
        {
            client.SubmitWrite(bench.Region(0, 8), data, Notification.Arrived, notification);

            // The lane has nothing left to do then, and answers at once what is pending.
            Assert.True(held.WaitForHits(1, Notification.Limit));
            client.Dispose();
            Assert.Single(unfinished!.Requests);
            bench.Device.Dispose();
            Assert.Equal(0, notification.Calls);
        }

        Assert.Equal(default, notification.Wait());
        client.Dispose();
        Assert.Equal(1, notification.Calls);
        Assert.True(data.GetSpan().SequenceEqual(bench.Disk.Read(0, 8)));
    }

    [Fact]
    public void Rates_AreAboutWhatTheySay_OfEachKind()
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { ReadErrorRate = 0.1, WriteErrorRate = 0.2, FlushErrorRate = 0.3, ShortTransferRate = 0.4, RetryRate = 0.05 });
        using DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = Pattern.Memory(4096);
        for (int i = 0; i < 2000; i++)
        {
            _ = client.Write(bench.Region(0, 8), data);
            _ = client.Read(bench.Region(0, 8), data);
            if (!client.Flush(bench.Region(0, 0)).IsSuccess)
                bench.AcknowledgeDoubt();
        }

        double Share(MediumOperations operation, int errno) =>
            (double)bench.Disk.Log.Count(request => request.Operation == operation && request.Errno == errno) / bench.Disk.Log.Count(request => request.Operation == operation);
        Assert.InRange(Share(MediumOperations.Read, Errno.EIO), 0.07, 0.13);
        Assert.InRange(Share(MediumOperations.Write, Errno.EIO), 0.15, 0.25);
        Assert.InRange(Share(MediumOperations.Flush, Errno.EIO), 0.24, 0.34);
        Assert.InRange(Share(MediumOperations.Read, Errno.EAGAIN), 0.03, 0.07);
        Assert.InRange(client.Statistics.ShortTransfers, 500, 3000);
    }

    /// <summary>What is in flight together ends in another order than it was submitted in, for some seed.</summary>
    [Fact]
    public void RequestsThatComeTogether_ReachTheDiskInAnyOrder()
    {
        HashSet<string> orders = [];
        for (int seed = 0; seed < 32; seed++)
        {
            using SimulatedBench bench = new(seed: seed);
            using IoReactor reactor = bench.Simulation.CreateReactor();
            using IoMemory data = Pattern.Memory(512);
            for (int i = 0; i < 3; i++)
                reactor.SubmitWrite(bench.Region(i, 1), data, static (result, _) => Assert.True(result.IsSuccess));
            reactor.Poll(3);
            orders.Add(string.Join(' ', bench.Disk.Log.Select(static request => request.Sector)));
        }

        Assert.Equal(6, orders.Count);
    }

    [Fact]
    public void WithDelays_LaterRequestsPassEarlierOnes()
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { MaxDelay = TimeSpan.FromMilliseconds(100) });
        using DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = Pattern.Memory(512);
        Task[] writes = [.. Enumerable.Range(0, 32).Select(i => client.WriteAsync(bench.Region(i, 1), data).AsTask())];
        Assert.True(Task.WaitAll(writes, Notification.Limit));
        MediumRequest[] log = [.. bench.Disk.Log];
        Assert.Contains(log, request => log.Any(later => later.Begin > request.Begin && later.End < request.End));
    }
}
