using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>Flushes that wait for the same device become one, and succeed or fail together.</summary>
public sealed class FlushGroupTests : IDisposable
{
    private const int Waiting = 5;
    private const long TimeLimit = 1_000_000_000;
    private readonly RingScript _script = new(capacity: 16, queueLength: 16) { FileTableAnswer = -Errno.EINVAL };
    private readonly EngineBench _bench;

    public FlushGroupTests() => _bench = new EngineBench(_script, holdsDevices: true, timeLimit: TimeLimit);

    private int Flushes => _script.Taken.Count(static entry => entry.opcode == IoUring.IORING_OP_FSYNC);

    public void Dispose()
    {
        _bench.Dispose();
        _script.Dispose();
    }

    [Fact]
    public void ThoseOfOneTurn_AreOne()
    {
        Request[] requests = StartAll();
        RunAll(requests);
        Assert.Equal(1, Flushes);
        Assert.Equal((1, Waiting - 1), (_bench.Counters.Flushes, _bench.Counters.JoinedFlushes));
        Assert.All(requests, static request => Assert.True(request.Result.IsSuccess));
    }

    [Fact]
    public void ThoseOfOneRequest_AreOneADevice()
    {
        Request request = _bench.Start(IoOperation.Flush, Region(0), Region(1), Region(0), Region(0), Region(1));
        _bench.RunToEnd(request);
        Assert.Equal(2, Flushes);
        Assert.True(request.Result.IsSuccess);
    }

    [Fact]
    public void ThoseThatComeWhileOneIsInTheKernel_ShareTheNext()
    {
        Request first = StartStuck();
        Request[] later = StartAll();
        Turns();
        Assert.Equal(1, Flushes);
        Release();
        _bench.RunToEnd(first);
        RunAll(later);
        Assert.Equal(2, Flushes);
        Assert.All(later, static request => Assert.True(request.Result.IsSuccess));
        Assert.True(_bench.IsIdle);
    }

    [Fact]
    public void AnotherDevices_DoesNotWait()
    {
        StartStuck();
        Request other = _bench.Start(IoOperation.Flush, Region(1));
        _script.Keeps = entry => entry.fd == _bench.Devices[0].Descriptor;
        _bench.RunToEnd(other);
        Assert.True(other.Result.IsSuccess);
        Release();
    }

    [Fact]
    public void DataOfAPreflush_FollowsTheSharedFlush()
    {
        Request first = StartStuck();
        Request write = _bench.StartWith(IoOperation.Write, _bench.Memory, IoFlags.Preflush, new IoRegion(_bench.Devices[0], 0, _bench.Block));
        Turns();
        Assert.DoesNotContain(_script.Taken, static entry => entry.opcode == IoUring.IORING_OP_WRITE);
        Release();
        RunAll([first, write]);
        Assert.Equal(
            [IoUring.IORING_OP_FSYNC, IoUring.IORING_OP_FSYNC, IoUring.IORING_OP_WRITE],
            _script.Taken.Select(static entry => entry.opcode).Where(static code => code != IoUring.IORING_OP_POLL_ADD));
    }

    [Fact]
    public void WhenItFails_ThoseThatWaitForTheNextFailToo()
    {
        Request first = StartStuck();
        Request[] later = StartAll();
        Turns();
        _script.Answer = static _ => -Errno.EIO;
        Release();
        RunAll([first, .. later]);
        Assert.Equal(1, Flushes);
        Assert.All([first, .. later], static request => Assert.Equal(new IoFailure(0, 0, Errno.EIO, IoFailureCause.Device), request.Result.First));
        Assert.Equal(1, _bench.Devices[0].Doubt!.FailedFlushes);
    }

    [Fact]
    public void WhenItIsNotSupported_AllAreUnsupported_WithoutADoubt()
    {
        _script.Answer = static _ => -Errno.EOPNOTSUPP;
        Request[] requests = StartAll();
        RunAll(requests);
        Assert.All(requests, static request => Assert.Equal("0b1", request.Result.Unsupported.ToString()));
        Assert.Null(_bench.Devices[0].Doubt);
    }

    [Fact]
    public void WhenItIsCancelled_AnotherLeads()
    {
        Request first = StartStuck();
        _script.Clock = TimeLimit / 2;
        Request[] later = StartAll();
        _script.Clock = TimeLimit + 1;
        _script.Keeps = static _ => false;
        _script.Answer = entry => entry.opcode == IoUring.IORING_OP_FSYNC && Flushes == 1 ? -Errno.ECANCELED : 0;
        _bench.RunToEnd(first);
        Assert.Equal(IoFailureCause.TimedOut, first.Result.First.Cause);
        RunAll(later);
        Assert.Equal(2, Flushes);
        Assert.All(later, static request => Assert.True(request.Result.IsSuccess));
        Assert.Null(_bench.Devices[0].Doubt);
    }

    [Fact]
    public void WhoeverWaitsAndIsStopped_EndsAtOnce_AndTheOthersGoOn()
    {
        _script.Keeps = static _ => true;
        Request late = _bench.Start(IoOperation.Flush, Region(1), Region(0));
        Turns();
        _script.Clock = TimeLimit / 2;
        Request[] joined = [_bench.Start(IoOperation.Flush, Region(0)), _bench.Start(IoOperation.Flush, Region(1))];
        Turns();
        _script.Clock = TimeLimit + (TimeLimit / 2) - 1;
        Turns();
        Assert.False(late.IsDone);
        Assert.All(joined, static request => Assert.False(request.IsDone));
        _script.Answer = static entry => entry.opcode == IoUring.IORING_OP_ASYNC_CANCEL ? 0 : -Errno.ECANCELED;
        Release();
        RunAll([late]);
        _script.Answer = static _ => 0;
        RunAll(joined);
        Assert.All(joined, static request => Assert.True(request.Result.IsSuccess));
    }

    [Fact]
    public void WhenTheRingIsLost_ItsResultIsUnknown_AndNothingIsDurable()
    {
        Request first = StartStuck();
        Request[] later = StartAll();
        Turns();
        _bench.Engine.MarkRingLost(Errno.EBADR);
        RunAll([first, .. later]);
        Assert.All([first, .. later], static request => Assert.Equal("0b1", request.Result.Failed.ToString()));
        Assert.True(_bench.IsIdle);
    }

    private IoRegion Region(int device) => new(_bench.Devices[device], 0, 0);

    private Request StartStuck()
    {
        _script.Keeps = static _ => true;
        Request request = _bench.Start(IoOperation.Flush, Region(0));
        Turns();
        Assert.Equal(1, Flushes);
        return request;
    }

    private Request[] StartAll() => [.. Enumerable.Range(0, Waiting).Select(_ => _bench.Start(IoOperation.Flush, Region(0)))];

    private void RunAll(Request[] requests) => Array.ForEach(requests, _bench.RunToEnd);

    private void Release() => _script.Keeps = static _ => false;

    private void Turns()
    {
        for (int i = 0; i < 3; i++)
            _bench.Engine.Turn(wait: false);
    }
}
