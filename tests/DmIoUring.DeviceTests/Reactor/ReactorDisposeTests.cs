using DmIoUring.DeviceTests.Client;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Reactor;

/// <summary>A reactor's end.</summary>
public sealed class ReactorDisposeTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(IoRingKind.IoUring)]
    [InlineData(IoRingKind.Workers)]
    public void WhenItReturns_EveryCallbackHasRun(IoRingKind ring)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        IoReactor reactor = new(new IoReactorOptions { Ring = ring, QueueDepth = 4 });
        EndedRequests ended = new();
        for (int i = 0; i < 100; i++)
            reactor.SubmitWrite(device.Region(i * 8, 8), data, ended.Notify);
        reactor.Dispose();
        ended.AssertAllWell(100);
        Assert.Equal(100, reactor.Statistics.Requests);
        for (int i = 0; i < 100; i++)
            device.AssertHolds(i * 8, data.GetSpan());
    }

    [Fact]
    public void Twice_OrNeverUsed_IsFine()
    {
        IoReactor reactor = new();
        reactor.Dispose();
        reactor.Dispose();
        using IoReactor unused = new(new IoReactorOptions { Ring = IoRingKind.Workers });
    }

    [Fact]
    public void Afterwards_EverythingIsRefused_AndNothingIsWritten()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        IoReactor reactor = new();
        EndedRequests ended = new();

        // Held, so that the straight way would be open.
        reactor.SubmitRead(device.Region(0, 8), data, ended.Notify);
        reactor.Dispose();
        IoBuffer plain = PlainBuffer(data);
        Assert.Throws<ObjectDisposedException>(() => reactor.SubmitRead(device.Region(0, 8), plain, ended.Notify));
        Assert.Throws<ObjectDisposedException>(() => reactor.SubmitWrite(device.Region(0, 8), plain, ended.Notify));
        Assert.Throws<ObjectDisposedException>(() => reactor.SubmitWrite([device.Region(0, 8)], plain, ended.Notify));
        Assert.Throws<ObjectDisposedException>(() => reactor.SubmitFlush([device.Region(0, 8)], ended.Notify));
        Assert.Throws<ObjectDisposedException>(() => reactor.SubmitDiscard([device.Region(0, 8)], ended.Notify));
        Assert.Throws<ObjectDisposedException>(() => reactor.SubmitWriteZeroes([device.Region(0, 8)], ended.Notify));
        Assert.Throws<ObjectDisposedException>(() => reactor.Submit([IoRequest.Write(device.Region(0, 8), plain, ended.Notify)]));
        Assert.Throws<ObjectDisposedException>(() => reactor.Poll());
        Assert.Throws<ObjectDisposedException>(() => reactor.Reserve(1));
        Assert.Empty(reactor.GetPendingRequests());
        Assert.Equal((0, 1), (reactor.UnderWay, ended.Results.Count));
        device.AssertUntouched();
    }

    [Fact]
    public void InACallback_ItRefusesAtOnce_AndEndsAfterEveryCallback()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        IoReactor reactor = new(new IoReactorOptions { QueueDepth = 2 });
        EndedRequests ended = new();
        List<Exception?> thrown = [];
        reactor.SubmitRead(device.Region(0, 8), data, (_, _) =>
        {
            reactor.SubmitWrite(device.Region(512, 8), data, ended.Notify);
            thrown.Add(Record.Exception(reactor.Dispose));
            thrown.Add(Record.Exception(() => reactor.SubmitWrite(device.Region(520, 8), data, ended.Notify)));
        });
        for (int i = 1; i <= 20; i++)
            reactor.SubmitWrite(device.Region(i * 8, 8), data, ended.Notify);
        Assert.InRange(reactor.Poll(1), 1, 22);
        Assert.Null(thrown[0]);
        Assert.IsType<ObjectDisposedException>(thrown[1]);
        ended.AssertAllWell(21);
        Assert.Throws<ObjectDisposedException>(() => reactor.Poll());
        reactor.Dispose();
        device.AssertUntouched(520, 8);
    }

    [Fact]
    public void ACallbackThatItRuns_MayNotSubmit_NorPoll_AndMayDisposeAgain()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        IoReactor reactor = new();
        List<Exception?> thrown = [];
        reactor.SubmitRead(device.Region(0, 8), data, (_, _) =>
        {
            thrown.Add(Record.Exception(() => reactor.SubmitWrite(device.Region(0, 8), data, static (_, _) => { })));
            thrown.Add(Record.Exception(() => reactor.Poll()));
            thrown.Add(Record.Exception(reactor.Dispose));
        });
        reactor.Dispose();
        Assert.Equal([typeof(ObjectDisposedException), typeof(ObjectDisposedException), null], thrown.Select(static exception => exception?.GetType()));
        device.AssertUntouched();
    }

    [Theory]
    [InlineData(IoRingKind.IoUring)]
    [InlineData(IoRingKind.Workers)]
    public void WithAStuckDevice_ItGivesUpAtItsLimit_AndNamesTheRequests(IoRingKind ring)
    {
        using FrozenFile frozen = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(16 << 10);
        List<IoUnfinished> reports = [];
        EndedRequests ended = new();
        IoReactor reactor = new(new IoReactorOptions { Ring = ring, QueueDepth = 2, ChunkBytes = 4096, DisposeTimeLimit = Short, DisposeGaveUp = reports.Add });
        reactor.SubmitWrite([healthy.Region(0, 0), new IoRegion(frozen.Device, 8, 32)], data, ended.Notify);
        reactor.SubmitWrite(healthy.Region(64, 8), data, ended.Notify);

        reactor.Dispose();

        IoUnfinished report = Assert.Single(reports);
        Assert.InRange(report.Waited, TimeSpan.FromTicks(1), Notification.Limit);
        Assert.Equal(
            [
                new IoPendingRegion(1, frozen.Device.Path, 8, SectorsInKernel: 16, SectorsWaiting: 16),
                new IoPendingRegion(0, healthy.Path, 64, SectorsInKernel: 0, SectorsWaiting: 8),
            ],
            report.Requests.SelectMany(static request => request.Regions));
        Assert.Empty(ended.Results);
        Assert.Throws<ObjectDisposedException>(() => reactor.SubmitWrite(healthy.Region(0, 8), data, ended.Notify));
        Assert.Equal(2, reactor.GetPendingRequests().Count);

        frozen.Thaw();
        while (reactor.UnderWay > 0)
            reactor.Dispose();
        ended.AssertAllWell(2);
        Assert.Empty(reactor.GetPendingRequests());
        Assert.True(frozen.Medium().AsSpan(4096, 16 << 10).SequenceEqual(data.GetSpan()));
        healthy.AssertHolds(64, data.GetSpan()[..4096]);
    }

    [Fact]
    public void WithPagesStillRented_ItEnds_AndThePagesGoBackAfterwards()
    {
        using TestDevice device = new(DeviceKind.File);
        IoReactor reactor = new();
        EndedRequests ended = new();
        PageReservation reservation = reactor.Reserve(4);
        PageList pages = reactor.Pages.RentPages(2);
        foreach (Span<byte> run in pages)
            run.Fill(0x5A);
        reactor.SubmitWrite(device.Region(0, 16), pages, ended.Notify);
        reactor.Dispose();
        ended.AssertAllWell(1);
        pages.Dispose();
        reservation.Dispose();
        Assert.Equal(-1, device.Medium(0, 16).AsSpan().IndexOfAnyExcept((byte)0x5A));
    }

    private static unsafe IoBuffer PlainBuffer(IoMemory memory) => IoBuffer.Contiguous(memory.Pointer, memory.Length);
}
