using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Simulated;

/// <summary>A simulated disk's request from its arrival to its end: what is decided when it comes stays so, it ends once whatever happens, and no wait is for ever that should not be.</summary>
public sealed class SimulatedLifeTests
{
    public static TheoryData<CallWay> Ways => SimulatedBench.Ways;

    /// <summary>The power comes back between the request's arrival and its answer.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public unsafe void ARequestThatFoundThePowerOff_Fails_ThoughThePowerIsBackBeforeItsAnswer(bool isStriking)
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { Cache = SimulatedCache.None });
        using IoMemory data = Pattern.Memory(512);
        if (isStriking)
            bench.Disk.CutPowerAfter(0, MediumOperations.Flush);
        else
            bench.Disk.CutPower();
        IoUringSqe flushEntry = new() { opcode = IoUring.IORING_OP_FSYNC };
        IoUringSqe writeEntry = new() { opcode = IoUring.IORING_OP_WRITE, addr = (ulong)data.Pointer, len = 512 };
        SimulatedCall flush = SimulatedCall.Of(item: null, &flushEntry)!, write = SimulatedCall.Of(item: null, &writeEntry)!;
        Assert.True(bench.Disk.TryBegin(flush));
        Assert.True(bench.Disk.TryBegin(write));
        bench.Simulation.RestorePower();
        bench.Disk.AnswerInTime(flush);
        bench.Disk.AnswerInTime(write);
        Assert.Equal((-Errno.EIO, -Errno.EIO), (flush.Wait(), write.Wait()));
        Assert.False(bench.Disk.Read(0, 1).AsSpan().ContainsAnyExcept((byte)0));
        Assert.All(bench.Disk.Log, static request => Assert.Equal(Errno.EIO, request.Errno));
    }

    [Fact]
    public void ARequestForWhichThereIsNoMemory_EndsAllTheSame()
    {
        using SimulatedBench bench = new();
        Insatiable call = new();
        bench.Disk.Take(call);
        Assert.Equal((Errno.ENOMEM, 1), (call.Answer, call.Ends));
        Assert.Equal(Errno.ENOMEM, Assert.Single(bench.Disk.Log).Errno);
    }

    /// <summary>What io_uring knows of a failed FUA write on a drive with FUA: that this write has failed, and nothing of others.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void AFailedWriteWithFua_OnADiskWithFua_RaisesNoDoubt(CallWay way)
    {
        using SimulatedBench bench = new();
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        using (bench.Disk.Fail(MediumOperations.Write, Errno.EIO, times: 1))
            Assert.Equal(new IoFailure(0, 8, Errno.EIO, IoFailureCause.Device), client.Write(bench.Region(8, 8), data, IoFlags.Fua).First);
        Assert.Null(bench.Device.Doubt);
        Assert.Equal(default, client.Write(bench.Region(8, 8), data, IoFlags.Fua));
        Assert.Equal(default, client.Maintain(IoOperation.Flush, bench.Region(0, 0)));
        Assert.Null(bench.Device.Doubt);
    }

    [Fact]
    public void DelaysOfMoreThanADay_AreRefused_AndTogetherTheyAreADay()
    {
        using SimulatedBench bench = new();
        foreach (TimeSpan delay in (TimeSpan[])[TimeSpan.FromDays(30), TimeSpan.MaxValue, TimeSpan.FromDays(1) + TimeSpan.FromTicks(1)])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => bench.Disk.Slow(MediumOperations.All, delay));
            Assert.Throws<ArgumentOutOfRangeException>("MaxDelay", () => bench.Simulation.AddDisk(512, new SimulatedDiskOptions { MaxDelay = delay }));
        }

        using DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = Pattern.Memory(512);
        Notification notification = new();
        using Fault one = bench.Disk.Slow(MediumOperations.All, TimeSpan.FromDays(1)), two = bench.Disk.Slow(MediumOperations.All, TimeSpan.FromDays(1));
        client.SubmitWrite(bench.Region(0, 1), data, Notification.Arrived, notification);
        Assert.True(two.WaitForHits(1, Notification.Limit));
        Assert.Equal(TimeSpan.FromDays(1), Assert.Single(bench.Disk.Locked(() => bench.Disk.InFlight.ToArray())).Delay);
        Assert.Equal(0, notification.Calls);
        bench.Simulation.CutPower();
        Assert.Equal(Errno.EIO, notification.Wait().First.Errno);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void WaitForHits_WithoutALimit_WaitsForThem(long limit)
    {
        using SimulatedBench bench = new();
        using DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = Pattern.Memory(512);
        using Fault fault = bench.Disk.Slow(MediumOperations.All, TimeSpan.Zero);
        Task<bool> hit = Task.Run(() => fault.WaitForHits(1, limit < 0 ? Timeout.InfiniteTimeSpan : new TimeSpan(limit)));
        Assert.False(hit.Wait(50));
        Assert.True(client.Write(bench.Region(0, 1), data).IsSuccess);
        Assert.True(hit.Wait(Notification.Limit) && hit.Result);
        Assert.Throws<ArgumentOutOfRangeException>(nameof(limit), () => fault.WaitForHits(1, TimeSpan.FromTicks(-1)));
        Assert.True(fault.WaitForHits(1, TimeSpan.Zero));
    }

    /// <summary>The engine has a discard that the ring can't do done otherwise. The owner goes on meanwhile, and finds its end though nothing wakes it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AReactor_GoesOn_WhileTheSecondTryOfADiscardIsHeld(bool canBeWoken)
    {
        using SimulatedBench bench = new();
        using IoMemory data = Pattern.Memory(512);
        Fault held = null!;
        using ManualResetEventSlim passed = new();
        Notification discard = new(), write = new();
        Task owner = Task.Factory.StartNew(
            () =>
            {
                using IoReactor reactor = bench.Simulation.CreateReactor(new IoReactorOptions { CanBeWoken = canBeWoken });
                Fault first = bench.Disk.Hold(MediumOperations.Discard, times: 1);
                using (bench.Disk.Fail(MediumOperations.Discard, Errno.EOPNOTSUPP, times: 1))
                {
                    reactor.SubmitDiscard(bench.Region(0, 8), Notification.Arrived, discard);
                    reactor.Poll();
                    held = bench.Disk.Hold(MediumOperations.Discard);
                    first.Dispose();
                }

                reactor.Poll();
                reactor.SubmitWrite(bench.Region(100, 1), data, Notification.Arrived, write);
                reactor.Poll(1);
                Assert.Equal((1, 0, 1), (write.Calls, discard.Calls, held.Hits));
                passed.Set();
                while (discard.Calls == 0)
                    reactor.Poll(1);
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        bool goesOn = passed.Wait(Notification.Limit, TestContext.Current.CancellationToken);
        if (goesOn)
            Thread.Sleep(20);
        held.Dispose();
        Assert.True(owner.Wait(Notification.Limit));
        Assert.True(goesOn);
        Assert.Equal(default, discard.Wait());
    }

    /// <summary>The length changes durably; what was not durable of the bytes before the end is not.</summary>
    [Fact]
    public void AFileThatIsCutOff_KeepsOfItsLastSectorWhatWasDurable()
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { IsFile = true });
        using DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = IoMemory.Allocate(4096);
        data.GetSpan().Fill(1);
        Assert.True(client.Write(bench.Region(0, 8), data, IoFlags.Fua).IsSuccess);
        data.GetSpan().Fill(2);
        Assert.True(client.Write(bench.Region(0, 8), data).IsSuccess);
        Notification flush = new();
        using (Fault held = bench.Disk.Hold(MediumOperations.Flush))
        {
            client.SubmitFlush(bench.Region(0, 0), Notification.Arrived, flush);
            Assert.True(held.WaitForHits(1, Notification.Limit));
            data.GetSpan().Fill(3);
            Assert.True(client.Write(bench.Region(0, 8), data).IsSuccess);
            bench.Device.SetLength(700);
            bench.Device.SetLength(SimulatedBench.Bytes);
            Assert.Equal(Bytes(3), bench.Disk.Read(0, 8));
            Assert.Equal(Bytes(1), bench.Disk.ReadDurable(0, 8));
        }

        // What the flush found behind the end is gone with it.
        Assert.Equal(default, flush.Wait());
        Assert.Equal(Bytes(3), bench.Disk.Read(0, 8));
        Assert.Equal(Bytes(2), bench.Disk.ReadDurable(0, 8));
        for (int seed = 0; seed < 4; seed++)
        {
            bench.Disk.CutPower();
            bench.Disk.RestorePower();
            Assert.All(bench.Disk.Read(0, 8).Skip(700), static value => Assert.Equal(0, value));
        }

        static byte[] Bytes(byte value) => [.. Enumerable.Repeat(value, 700), .. new byte[4096 - 700]];
    }

    [Fact]
    public void AFileThatIsCutOff_GivesItsMemoryBack()
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { IsFile = true });
        using DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = Pattern.Memory(512 << 10);
        Assert.True(client.Write(bench.Region(0, 1024), data).IsSuccess);
        bench.Device.SetLength(64 << 10);
        Assert.Equal(1, bench.Disk.BlocksInMemory);
        bench.Device.Allocate(1L << 50);
        bench.Device.SetLength(0);
        Assert.Equal(0, bench.Disk.BlocksInMemory);
    }

    /// <summary>A failing write stores no byte where the file has none, so none is there when it grows.</summary>
    [Fact]
    public void AWriteThatFailsInPart_StoresNothingBehindTheEnd()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            using SimulatedBench bench = new(new SimulatedDiskOptions { IsFile = true, WriteErrorRate = 1 }, seed);
            using DmIoClient client = bench.Simulation.CreateClient();
            using IoMemory data = Pattern.Memory(8192);
            // The device's size is read when it is opened: another one shortens the file.
            using (BlockDevice other = bench.Disk.Open())
                other.SetLength(1024);
            Assert.False(client.Write(bench.Region(0, 16), data).IsSuccess);
            bench.Device.SetLength(8192);
            Assert.All(bench.Disk.Read(0, 16).Skip(1024), static value => Assert.Equal(0, value));
        }
    }

    /// <summary>There is never enough for it.</summary>
    private sealed class Insatiable() : MediumCall(MediumOperations.Write, 0, 512)
    {
        public int Ends { get; private set; }

        public int? Answer { get; private set; }

#pragma warning disable MA0012 // It stands for what the runtime throws.
        public override void CopyFrom(VolatileMedium medium, long length) => throw new InsufficientMemoryException();

        public override void CopyTo(VolatileMedium medium, long length, bool durable) => throw new InsufficientMemoryException();
#pragma warning restore MA0012

        public override void End(int errno, long length)
        {
            Ends++;
            Answer = errno;
        }
    }
}
