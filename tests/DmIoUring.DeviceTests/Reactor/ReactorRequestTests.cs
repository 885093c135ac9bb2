using DmIoUring.DeviceTests.Client;
using DmIoUring.Interop;
using DmIoUring.Memory;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Reactor;

/// <summary>What a reactor adds to the contract, which the contract's own tests show by <see cref="CallWay.Reactor"/>.</summary>
public sealed class ReactorRequestTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(20);

    [Fact]
    public void Contexts_ComeBackAsTheyWere_NoneAmongThem()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        object[] contexts = [.. Enumerable.Range(0, 16).Select(static i => (object)i)];
        foreach (object context in contexts)
        {
            reactor.SubmitRead(device.Region(0, 8), memory, ended.Notify, context);
            reactor.SubmitRead(device.Region(0, 8), memory, ended.Notify);
        }

        Assert.Equal(32, reactor.Poll(32));
        ended.AssertAllWell(32);
        Assert.Equal(contexts.Order(), ended.Contexts.Where(static context => context is not null).Order());
    }

    /// <summary>The same request objects have lives of every kind, one after the other, and nothing of one is left in the next.</summary>
    [Fact]
    public unsafe void RequestsOfEveryKind_OneAfterTheOther_EachGetTheirOwnResult()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(64 << 10);
        using IoReactor reactor = new(new IoReactorOptions { ChunkBytes = 16 << 10 });
        IoBuffer plain = IoBuffer.Contiguous(data.Pointer, data.Length);
        EndedRequests ended = new();
        IoReport report = new();
        long beyond = device.Device.SectorCount;
        for (int round = 0; round < 50; round++)
        {
            One(default, () => reactor.SubmitWrite(device.Region(0, 8), plain, ended.Notify, round));
            One(IoFailureCause.BeyondEnd, () => reactor.SubmitRead(device.Region(beyond, 8), plain, ended.Notify, round));
            One(default, () => reactor.SubmitRead(device.Region(0, 8), plain, ended.Notify, round));
            One(default, () => reactor.SubmitWrite([device.Region(16, 128), device.Region(256, 8)], plain, ended.Notify, round, IoFlags.Fua));
            One(default, () => reactor.SubmitRead(device.Region(16, 8), plain, ended.Notify, round));
            One(IoFailureCause.BeyondEnd, () => reactor.SubmitWrite([device.Region(16, 8), device.Region(beyond, 8)], plain, ended.Notify, round, new IoRequestOptions { Report = report }));
            Assert.Equal((IoFailureCause.None, IoFailureCause.BeyondEnd), (report[0].Cause, report[1].Cause));
            One(default, () => reactor.SubmitFlush([device.Region(0, 0)], ended.Notify, round));
            One(default, () => reactor.SubmitWrite(device.Region(0, 8), data.Memory[..4096], ended.Notify, round));
            Assert.Throws<ArgumentException>(() => reactor.SubmitRead(device.Region(-1, 8), plain, ended.Notify));
        }

        Assert.Equal(0, reactor.UnderWay);

        void One(IoFailureCause cause, Action submit)
        {
            int before = ended.Results.Count;
            submit();
            Assert.Equal(1, reactor.Poll(1));
            Assert.Equal(before + 1, ended.Results.Count);
            Assert.Equal((cause, cause == IoFailureCause.None), (ended.Results[before].First.Cause, ended.Results[before].IsSuccess));
        }
    }

    [Fact]
    public void AfterTheFastPath_DisposedMemory_IsRefused_AndTheDeviceReleased()
    {
        IoMemory gone = IoMemory.Allocate(4096);
        IoBuffer buffer = gone;
        gone.Dispose();
        AssertRefusalLeavesNothing<ObjectDisposedException>(buffer, IoFlags.None);
    }

    [Fact]
    public void AfterTheFastPath_ACopyWithoutPages_IsRefused()
    {
        using IoMemory data = Pattern.Memory(4096);
        AssertRefusalLeavesNothing<PageShortageException>(data, IoFlags.StableCopy);
    }

    [Fact]
    public void PastTheTimeLimit_TheRestFails_AndTheEndIsTheDevices()
    {
        using FaultDevice stuck = new();
        using IoMemory data = Pattern.Memory(8192);
        using IoReactor reactor = new(new IoReactorOptions { QueueDepth = 1, ChunkBytes = 4096, RequestTimeLimit = Short });
        EndedRequests ended = new();
        using (Fault held = stuck.File.Hold(MediumOperations.Write))
        {
            reactor.SubmitWrite(stuck.Region(0, 16), data, ended.Notify);
            while (reactor.GetPendingRequests()[0].Regions[0].SectorsWaiting > 0)
                Assert.Equal(0, reactor.Poll(1, Short));
            Assert.Equal(0, reactor.Poll(1, Short));
            Assert.Equal(1, reactor.UnderWay);
        }

        Assert.Equal(1, reactor.Poll(1));
        IoFailure first = Assert.Single(ended.Results).First;
        Assert.Equal((Errno.ETIMEDOUT, IoFailureCause.TimedOut), (first.Errno, first.Cause));
        Assert.DoesNotContain(stuck.Changes(), static change => change.Sector >= 8);
    }

    [Fact]
    public void PendingRequests_AreToldWhileTheyLast_InACallbackToo()
    {
        using FaultDevice stuck = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        Assert.Empty(reactor.GetPendingRequests());
        using (Fault held = stuck.File.Hold(MediumOperations.Write))
        {
            reactor.SubmitWrite(stuck.Region(16, 8), data, ended.Notify);
            int inside = -1;
            reactor.SubmitRead(healthy.Region(0, 8), data, (_, _) => inside = reactor.GetPendingRequests().Count);
            while (inside < 0)
                reactor.Poll(1);
            Assert.Equal(1, inside);
            IoPendingRequest pending = Assert.Single(reactor.GetPendingRequests());
            Assert.Equal(("write", new IoPendingRegion(0, stuck.Path, 16, 8, 0)), (pending.Operation, Assert.Single(pending.Regions)));
        }

        Assert.Equal(1, reactor.Poll(1));
        Assert.Empty(reactor.GetPendingRequests());
    }

    [Fact]
    public void OnWorkerThreads_ItSaysSo_AndWhyNothingIsRegistered()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoReactor reactor = new(new IoReactorOptions { Ring = IoRingKind.Workers });
        EndedRequests ended = new();
        using PageReservation reservation = reactor.Reserve(2);
        using (PageList pages = reactor.Pages.RentPages(2))
        {
            reactor.SubmitRead(device.Region(0, 16), pages, ended.Notify);
            Assert.Equal(1, reactor.Poll(1));
        }

        ended.AssertAllWell(1);
        Assert.Equal("worker threads", reactor.Capabilities.Ring);
        foreach (IoFeature feature in (IoFeature[])[reactor.PageRegistration, reactor.DeviceRegistration])
        {
            Assert.False(feature.IsAvailable);
            Assert.Contains("worker threads", feature.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void WithinAReserve_RequestsAreThere_PastIt_TheyAreMade_AndKept()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new(new IoReactorOptions { QueueDepth = 4 });
        EndedRequests ended = new();
        using PageReservation reservation = reactor.Reserve(8);
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 20; i++)
                reactor.SubmitRead(device.Region(0, 8), memory, ended.Notify);
            Assert.Equal(20, reactor.Poll(20));
            Assert.Equal(12, reactor.Statistics.Overdrafts);
        }

        ended.AssertAllWell(60);
    }

    /// <summary>Refused with a request that went straight in its life before: its device is counted neither twice nor less than never.</summary>
    private static unsafe void AssertRefusalLeavesNothing<T>(IoBuffer refused, IoFlags flags)
        where T : Exception
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        using (BlockDevice device = BlockDevice.Open(loop.Path, ExclusiveClaim.Options))
        {
            IoRegion region = new(device, 0, 8);
            for (int i = 0; i < 2; i++)
            {
                reactor.SubmitWrite(region, IoBuffer.Contiguous(data.Pointer, 4096), ended.Notify);
                Assert.Equal(1, reactor.Poll(1));
            }

            Assert.Throws<T>(() => reactor.SubmitWrite(region, refused, ended.Notify, options: flags));
            Assert.Equal(0, reactor.Poll(1));
        }

        ended.AssertAllWell(2);
        ExclusiveClaim.AssertGetsFree(loop.Path);
    }
}
