using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>A device gets no more chunks than its queue takes; the others wait in the engine, and hold up nobody else.</summary>
public sealed class DeviceQueueTests : IDisposable
{
    private const int Depth = 2;
    private readonly RingScript _script = new(capacity: 8, queueLength: 8) { FileTableAnswer = -Errno.EINVAL };
    private EngineBench? _bench;

    private EngineBench Bench => _bench ??= NewBench(Depth);

    public void Dispose()
    {
        _bench?.Dispose();
        _script.Dispose();
    }

    [Fact]
    public void NoMoreAreInTheKernel_ThanItsQueueTakes_InOrder()
    {
        _script.Keeps = static _ => true;
        Request[] requests = [.. Enumerable.Range(0, 6).Select(i => Bench.Start(IoOperation.Write, Block(0, i)))];
        Turns(3);
        for (int ended = 0; ended < requests.Length; ended++)
        {
            Assert.Equal(Math.Min(ended + Depth, requests.Length), _script.Taken.Count);
            CompleteOldest();
            Turns(3);
            Assert.Equal(ended + 1, requests.Count(static request => request.IsDone));
            Assert.True(requests[ended].IsDone);
        }

        Assert.Equal(requests.Length - Depth, Bench.Counters.DeviceWaits);
        Assert.True(Bench.IsIdle);
    }

    [Fact]
    public void ANewRequest_DoesNotOvertakeWhatWaits()
    {
        _script.Keeps = static _ => true;
        for (int i = 0; i < 3; i++)
            Bench.Start(IoOperation.Write, Block(0, i));
        Turns(3);
        CompleteOldest();
        _ = Bench.Engine.Dispatch();
        Bench.Start(IoOperation.Write, Block(0, 9));
        Turns(3);
        Assert.Equal(Depth + 1, _script.Taken.Count);
        Assert.Equal(Block(0, 2).Sector * IoRegion.SectorSize, (long)_script.Taken[^1].off);
        Release();
    }

    [Fact]
    public void DevicesThatHaveRoomAtTheSameTime_AreServedInOneTurn()
    {
        // The first of them is far from the one that was served before.
        const int devices = 4;
        const int first = 62;
        _bench = new EngineBench(_script, first + devices, holdsDevices: true, geometry: static geometry => geometry with { QueueDepth = 1 });
        Request[] before = [Bench.Start(IoOperation.Write, Block(0, 0)), Bench.Start(IoOperation.Write, Block(0, 1))];
        Array.ForEach(before, Bench.RunToEnd);
        _script.Taken.Clear();
        _script.Keeps = static _ => true;
        for (int i = 0; i < 10 * devices; i++)
            Bench.Start(IoOperation.Write, Block(first + (i % devices), i));
        Turns(3);
        for (int round = 1; round <= 9; round++)
        {
            Assert.Equal(round * devices, _script.Taken.Count);
            for (int i = 0; i < devices; i++)
                CompleteOldest();
            _ = Bench.Engine.Dispatch();
            Bench.Engine.Enter(0);
        }
        Release();
    }

    [Fact]
    public void OtherDevices_AreNotHeldUp()
    {
        _script.Keeps = entry => IsOn(entry, 0);
        for (int i = 0; i < 20; i++)
            Bench.Start(IoOperation.Write, Block(0, i));
        for (int i = 0; i < 20; i++)
            Assert.True(Bench.Write(Block(1, i)).IsSuccess);
        Assert.Equal(Depth, _script.Taken.Count(entry => IsOn(entry, 0)));
        Release();
    }

    [Fact]
    public void AStuckDevice_WithoutALimit_LeavesAQuarterOfThePlaces()
    {
        _bench = NewBench(int.MaxValue / 2);
        Assert.True(Bench.Write(Block(0, 0), Block(1, 0)).IsSuccess);
        _script.Keeps = entry => IsOn(entry, 0);
        _script.Taken.Clear();
        for (int i = 0; i < 20; i++)
            Bench.Start(IoOperation.Write, Block(0, i));
        for (int i = 0; i < 20; i++)
            Assert.True(Bench.Write(Block(1, i), Block(2, i)).IsSuccess);
        Assert.Equal(6, _script.Taken.Count(entry => IsOn(entry, 0)));
        Release();
    }

    [Fact]
    public void TheOnlyDevice_HasAllPlaces()
    {
        _bench = NewBench(int.MaxValue / 2);
        _script.Keeps = static _ => true;
        for (int i = 0; i < 20; i++)
            Bench.Start(IoOperation.Write, Block(0, i));
        Turns(3);
        Assert.Equal(_script.Capacity, _script.Taken.Count);
        Release();
    }

    [Fact]
    public void ARequestOfMoreRegionsThanTheQueueTakes_IsDone()
    {
        IoRegion[] regions = [.. Enumerable.Range(0, 64).Select(i => Block(i % 2, i))];
        Assert.True(Bench.Write(regions).IsSuccess);
        Assert.Equal(64, _script.Taken.Count);
    }

    [Fact]
    public void RequestsThatWaitForTwoDevices_AllEnd()
    {
        Request[] requests = [.. Enumerable.Range(0, 50).Select(i => Bench.Start(IoOperation.Write, Block(i % 2, i), Block((i + 1) % 2, i), Block(i % 3, 60 + i)))];
        foreach (Request request in requests)
            Bench.RunToEnd(request);
        Assert.Equal(150, _script.Taken.Count);
        Assert.True(Bench.IsIdle);
    }

    [Fact]
    public void WhatWaitsPastItsTimeLimit_EndsAtOnce_AndIsNeverIssued()
    {
        const long limit = 1_000_000_000;
        _bench = NewBench(Depth, limit);
        _script.Keeps = entry => IsOn(entry, 0);
        Request[] requests = [.. Enumerable.Range(0, 5).Select(i => Bench.Start(IoOperation.Write, Block(0, i)))];
        Turns(3);
        _script.Clock = limit + 1;
        Turns(3);
        Assert.All(requests[Depth..], static request => Assert.Equal(IoFailureCause.TimedOut, request.Result.First.Cause));
        Assert.All(requests[..Depth], static request => Assert.False(request.IsDone));
        Release();
        Assert.Equal(Depth, _script.Taken.Count(entry => IsOn(entry, 0)));
    }

    [Fact]
    public void WhatWaits_IsListed()
    {
        _script.Keeps = static _ => true;
        for (int i = 0; i < 5; i++)
            Bench.Start(IoOperation.Write, Block(0, i));
        Turns(3);
        IReadOnlyList<IoPendingRequest> pending = Bench.Engine.GetPendingRequests();
        Assert.Equal(5, pending.Count);
        Assert.Equal(3, pending.Count(static request => request.Regions[0].SectorsInKernel == 0));
        Assert.True(Bench.Engine.HasWaiting);
        Release();
        Assert.Empty(Bench.Engine.GetPendingRequests());
    }

    [Fact]
    public void WhenTheRingIsLost_WhatWaits_Ends()
    {
        _script.Keeps = static _ => true;
        Request[] requests = [.. Enumerable.Range(0, 5).Select(i => Bench.Start(IoOperation.Write, Block(0, i)))];
        Turns(3);
        Bench.Engine.MarkRingLost(Errno.EBADR);
        foreach (Request request in requests)
            Bench.RunToEnd(request);
        Assert.All(requests, static request => Assert.Equal(IoFailureCause.RingLost, request.Result.First.Cause));
        Assert.True(Bench.IsIdle);
    }

    [Fact]
    public void TheFastPath_DoesNotOvertakeWhatWaits_NorFillTheQueueMore()
    {
        _bench = new EngineBench(_script, holdsDevices: true, startsStraight: true, geometry: static geometry => geometry with { QueueDepth = Depth });
        Assert.True(Bench.Write(Block(0, 0)).IsSuccess);
        _script.Taken.Clear();
        _script.Keeps = static _ => true;
        Assert.True(Bench.TryAcceptFast(IoOperation.Write, Block(0, 0)));
        Assert.True(Bench.TryAcceptFast(IoOperation.Write, Block(0, 1)));
        Assert.False(Bench.TryAcceptFast(IoOperation.Write, Block(0, 2)));
        Bench.Start(IoOperation.Write, Block(0, 3));
        Turns(3);
        Assert.Equal(Depth, _script.Taken.Count);
        CompleteOldest();
        _ = Bench.Engine.Dispatch();
        Assert.False(Bench.TryAcceptFast(IoOperation.Write, Block(0, 4)));
        Turns(3);
        Assert.Equal(Block(0, 3).Sector * IoRegion.SectorSize, (long)_script.Taken[^1].off);
    }

    private EngineBench NewBench(int depth, long timeLimit = 0) => new(_script, timeLimit: timeLimit, holdsDevices: true, geometry: geometry => geometry with { QueueDepth = depth });

    private IoRegion Block(int device, int number) => new(Bench.Devices[device], number * Bench.Block, Bench.Block);

    private bool IsOn(IoUringSqe entry, int device) => entry.fd == Bench.Devices[device].Descriptor;

    private void Turns(int count)
    {
        for (int i = 0; i < count; i++)
            Bench.Engine.Turn(wait: false);
    }

    private int _completed;

    private void CompleteOldest()
    {
        IoUringSqe entry = _script.Taken[_completed++];
        _script.Completions.Enqueue(new IoUringCqe { user_data = entry.user_data, res = _script.Whole(entry) });
    }

    private void Release()
    {
        _script.Keeps = static _ => false;
        for (int i = 0; i < 200 && !Bench.IsIdle; i++)
            Bench.Turn();
        Assert.True(Bench.IsIdle);
    }
}
