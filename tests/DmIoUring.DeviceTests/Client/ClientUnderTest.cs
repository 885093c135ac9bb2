using System.Runtime.ExceptionServices;
using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Testing.Contract;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>
/// A client, or a reactor, whose requests are all made in one way and waited for. Any thread may make them. The parts of every result agree. Disposing it
/// asserts what holds for every request: one callback for each that was taken, none for one that was refused, and none that threw.
/// </summary>
internal sealed class ClientUnderTest : IDisposable
{
    private readonly CallWay _way;
    private readonly Lock _lock = new();
    private readonly List<Notification> _taken = [];
    private readonly List<Notification> _refused = [];
    private readonly DmIoClient? _client;
    private readonly ReactorThread? _reactor;
    private readonly bool _byAddress;
    private readonly bool _isBatch;
    private readonly bool _isCompleted;
    private BlockDevice? _warm;
    private long _ownRequests;
    private int _ofOne;

    /// <summary>Starts it.</summary>
    /// <param name="way">How its requests are made.</param>
    /// <param name="options">How it works; null for the defaults.</param>
    /// <param name="rings">Where its rings come from; null for where the way has them from.</param>
    public ClientUnderTest(CallWay way, DmIoOptions? options = null, RingSource? rings = null)
    {
        _way = way.Shape();
        _byAddress = way.IsByAddress();
        _isBatch = way.IsBatch();
        _isCompleted = way.IsCompleted();
        IsAsIssued = way.IsAsIssued();
        options ??= new DmIoOptions();
        if (_way == CallWay.Reactor)
            _reactor = new ReactorThread(way.NewReactor(options, rings));
        else
            _client = way.NewClient(options, rings);
    }

    /// <summary>How many bytes of each read's region are beyond the file's end.</summary>
    public int OddBytes { get; set; }

    public PageMemoryPool Pages => _client?.Pages ?? _reactor!.Reactor.Pages;

    /// <summary>Requests that have ended, those that the way itself needs not among them.</summary>
    public long Requests => Statistics.Requests - _ownRequests;

    /// <summary>Whether the device sees what the engine issued: whole, and once.</summary>
    public bool IsAsIssued { get; }

    /// <summary>Entries that a ring was given, those that the way itself needs among them.</summary>
    public long Entries => Statistics.Entries;

    /// <summary>Entries that had to be tried again.</summary>
    public long Retries => Statistics.Retries;

    public IoFeature DeviceRegistration => _client?.DeviceRegistration ?? _reactor!.Reactor.DeviceRegistration;

    public IoStatistics Statistics => _client?.Statistics ?? _reactor!.Reactor.Statistics;

    public PageReservation Reserve(long pages) => _client?.Reserve(pages) ?? _reactor!.Reactor.Reserve(pages);

    /// <summary>A buffer of a shape; its pages, where it has some, are of this one's pool.</summary>
    public ShapedBuffer NewBuffer(BufferShape shape, int length, int seed = 1) => new(Reserve, Pages, shape, length, seed);

    public IoResult Write(ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoRequestOptions options = default) => Checked(regions.Length, options.Report, _way switch
    {
        CallWay.Sync or CallWay.SyncOnLane => _client!.Write(regions, buffer, options),
        CallWay.Awaited => Wait(_client!.WriteAsync(regions, buffer, options)),
        _ => Submit(new Asked(IoOperation.Write, regions.ToArray(), buffer, options)),
    });

    public IoResult Write(IoRegion region, IoBuffer buffer, IoRequestOptions options = default) => Checked(1, options.Report, _way switch
    {
        CallWay.Sync or CallWay.SyncOnLane => _client!.Write(region, buffer, options),
        CallWay.Awaited => Wait(_client!.WriteAsync(region, buffer, options)),
        _ => Submit(new Asked(IoOperation.Write, [region], buffer, options) { IsOfOne = true }),
    });

    public IoResult Read(IoRegion region, IoBuffer buffer, IoRequestOptions options = default) => Checked(1, options.Report, _way switch
    {
        CallWay.Sync or CallWay.SyncOnLane => _client!.Read(region, buffer, options),
        CallWay.Awaited => Wait(_client!.ReadAsync(region, buffer, options)),
        _ => Submit(new Asked(IoOperation.Read, [region], buffer, options) { IsOfOne = true }),
    });

    /// <summary>
    /// Has the engine hold the device before the request that is tested, as after any request on it: only then can the fast path be taken.
    /// </summary>
    public void Warm(BlockDevice device)
    {
        _warm = device;
        _ = Submit(new Asked(IoOperation.Read, [new IoRegion(device, 0, 0)], default, default) { IsOfOne = true });
        _ownRequests++;
    }

    /// <summary>A flush, a discard or zeroes.</summary>
    public IoResult Maintain(IoOperation operation, params ReadOnlySpan<IoRegion> regions)
    {
        // One region by either call, which take turns.
        bool isOfOne = regions.Length == 1 && (Interlocked.Increment(ref _ofOne) & 1) != 0;
        if (_way is CallWay.Sync or CallWay.SyncOnLane)
            return Checked(regions.Length, null, isOfOne ? MaintainSync(operation, regions[0]) : MaintainSync(operation, regions));
        IoRequestOptions options = new(Report: new IoReport());
        return Checked(regions.Length, options.Report, (_way, operation, isOfOne) switch
        {
            (CallWay.Awaited, IoOperation.Flush, true) => Wait(_client!.FlushAsync(regions[0], options)),
            (CallWay.Awaited, IoOperation.Discard, true) => Wait(_client!.DiscardAsync(regions[0], options)),
            (CallWay.Awaited, _, true) => Wait(_client!.WriteZeroesAsync(regions[0], options)),
            (CallWay.Awaited, IoOperation.Flush, _) => Wait(_client!.FlushAsync(regions, options)),
            (CallWay.Awaited, IoOperation.Discard, _) => Wait(_client!.DiscardAsync(regions, options)),
            (CallWay.Awaited, _, _) => Wait(_client!.WriteZeroesAsync(regions, options)),
            _ => Submit(new Asked(operation, regions.ToArray(), default, options) { IsOfOne = isOfOne }),
        });
    }

    /// <summary>Waits until every page of the pool is back.</summary>
    public void WaitForPages() =>
        Assert.True(SpinWait.SpinUntil(() => Pages.RentedPages == 0, Notification.Limit), $"{Pages.RentedPages} pages do not come back.");

    /// <summary>Disposes the client, or the reactor on its thread: from here on everything is refused.</summary>
    public void End()
    {
        _client?.Dispose();
        _reactor?.EndReactor();
    }

    public void Dispose()
    {
        _client?.Dispose();
        _reactor?.Dispose();
        Assert.All(_taken, notification => Assert.Equal(1, notification.Calls));
        Assert.All(_refused, notification => Assert.Equal(0, notification.Calls));
        Assert.Equal(0, Statistics.CallbackExceptions);
    }

    private IoResult MaintainSync(IoOperation operation, IoRegion region) => operation switch
    {
        IoOperation.Flush => _client!.Flush(region),
        IoOperation.Discard => _client!.Discard(region),
        _ => _client!.WriteZeroes(region),
    };

    private IoResult MaintainSync(IoOperation operation, ReadOnlySpan<IoRegion> regions) => operation switch
    {
        IoOperation.Flush => _client!.Flush(regions),
        IoOperation.Discard => _client!.Discard(regions),
        _ => _client!.WriteZeroes(regions),
    };

    /// <summary>A result whose parts agree, as in every way they must.</summary>
    private static IoResult Checked(int regions, IoReport? report, IoResult result)
    {
        if (ResultRules.Violation(result, report, regions) is { } what)
            Assert.Fail($"{what}: {result}");
        return result;
    }

    private static IoResult Wait(ValueTask<IoResult> task)
    {
        Task<IoResult> result = task.AsTask();
        Assert.True(result.Wait(Notification.Limit), $"Not completed within {Notification.Limit}.");
        return result.Result;
    }

    private IoResult Submit(Asked asked)
    {
        asked = asked.Completing(_isCompleted);
        if (_byAddress)
            asked = asked.ByAddress();
        Notification notification = new();
        lock (_lock)
            _refused.Add(notification);
        if (_reactor is not null)
            SubmitToReactor(asked, notification);
        else if (_way == CallWay.NestedCallback && (asked.Device ?? _warm) is { } device)
            SubmitInACallback(asked, device, notification);
        else if (_isBatch)
            asked.SubmitAsBatchTo(_client!, notification);
        else
            asked.SubmitTo(_client!, notification);

        lock (_lock)
        {
            _refused.Remove(notification);
            _taken.Add(notification);
        }

        IoResult result = notification.Wait();
        Assert.Equal(asked.Bytes is { } bytes ? (result.IsSuccess ? Math.Max(bytes - OddBytes, 0) : 0, notification.Tag) : null, notification.Told);
        return result;
    }

    /// <summary>Has the reactor hold the device first: a request on one that it holds can take the fast path.</summary>
    private void SubmitToReactor(Asked asked, Notification notification) => _reactor!.Run(reactor =>
    {
        if (asked is { IsOfOne: true, Device: { } device })
        {
            reactor.SubmitRead(new IoRegion(device, 0, 0), default, static (_, _) => { });
            Interlocked.Increment(ref _ownRequests);
            reactor.Poll();
        }

        if (_isBatch)
            asked.SubmitAsBatchTo(reactor, notification);
        else
            asked.SubmitTo(reactor, notification);
    });

    private void SubmitInACallback(Asked asked, BlockDevice device, Notification notification)
    {
        TaskCompletionSource<Exception?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _client!.SubmitRead(
            new IoRegion(device, 0, 0),
            default,
            (_, _) => done.SetResult(Record.Exception(() =>
            {
                if (_isBatch)
                    asked.SubmitAsBatchTo(_client, notification);
                else
                    asked.SubmitTo(_client, notification);
            })));
        Interlocked.Increment(ref _ownRequests);
        Assert.True(done.Task.Wait(Notification.Limit), $"No callback within {Notification.Limit}.");
        if (done.Task.Result is { } thrown)
            ExceptionDispatchInfo.Throw(thrown);
    }
}
