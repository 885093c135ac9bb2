namespace DmIoUring.DeviceCheck;

/// <summary>A client or a reactor of one configuration, whose requests are all made in one way and waited for.</summary>
internal sealed class Service : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly WayIn _way;
    private readonly DmIoClient? _client;
    private readonly IoReactor? _reactor;

    public Service(WayIn way, IoRingKind ring, IoCompletionPolling polling)
    {
        _way = way;
        if (IsReactor(way))
        {
            _reactor = new IoReactor(new IoReactorOptions { Ring = ring, CompletionPolling = polling });
        }
        else
        {
            DmIoOptions options = new() { Ring = ring, CompletionPolling = polling };
            _client = new DmIoClient(way == WayIn.SyncOnLane ? options with { SyncRings = 0 } : options);
        }
    }

    public PageMemoryPool Pages => _client?.Pages ?? _reactor!.Pages;

    public static bool IsReactor(WayIn way) => way is WayIn.Reactor or WayIn.ReactorBatch;

    public PageReservation Reserve(long pages) => _client?.Reserve(pages) ?? _reactor!.Reserve(pages);

    public IoResult Write(IoRegion[] regions, IoBuffer buffer, IoFlags flags = IoFlags.None) => _way switch
    {
        WayIn.Sync or WayIn.SyncOnLane => _client!.Write(regions, buffer, flags),
        WayIn.Awaited => Wait(_client!.WriteAsync(regions, buffer, flags)),
        WayIn.Callback => Wait(ended => _client!.SubmitWrite(regions, buffer, ended, null, flags)),
        WayIn.InsideACallback => Nested(regions, ended => _client!.SubmitWrite(regions, buffer, ended, null, flags)),
        WayIn.Batch => Wait(ended => _client!.Submit([IoRequest.Write(regions, buffer, ended, null, flags)])),
        WayIn.Reactor => Wait(ended => _reactor!.SubmitWrite(regions, buffer, ended, null, flags)),
        WayIn.ReactorBatch => Wait(ended => _reactor!.Submit([IoRequest.Write(regions, buffer, ended, null, flags)])),
    };

    public IoResult Read(IoRegion region, IoBuffer buffer) => _way switch
    {
        WayIn.Sync or WayIn.SyncOnLane => _client!.Read(region, buffer),
        WayIn.Awaited => Wait(_client!.ReadAsync(region, buffer)),
        WayIn.Callback => Wait(ended => _client!.SubmitRead(region, buffer, ended)),
        WayIn.InsideACallback => Nested([region], ended => _client!.SubmitRead(region, buffer, ended)),
        WayIn.Batch => Wait(ended => _client!.Submit([IoRequest.Read(region, buffer, ended)])),
        WayIn.Reactor => Wait(ended => _reactor!.SubmitRead(region, buffer, ended)),
        WayIn.ReactorBatch => Wait(ended => _reactor!.Submit([IoRequest.Read(region, buffer, ended)])),
    };

    public IoResult Flush(params IoRegion[] regions) => _way switch
    {
        WayIn.Sync or WayIn.SyncOnLane => _client!.Flush(regions),
        WayIn.Awaited => Wait(_client!.FlushAsync(regions)),
        WayIn.InsideACallback => Nested(regions, ended => _client!.SubmitFlush(regions, ended)),
        WayIn.Callback or WayIn.Batch => Wait(ended => _client!.SubmitFlush(regions, ended)),
        WayIn.Reactor or WayIn.ReactorBatch => Wait(ended => _reactor!.SubmitFlush(regions, ended)),
    };

    public IoResult Discard(params IoRegion[] regions) => _way switch
    {
        WayIn.Sync or WayIn.SyncOnLane => _client!.Discard(regions),
        WayIn.Awaited => Wait(_client!.DiscardAsync(regions)),
        WayIn.InsideACallback => Nested(regions, ended => _client!.SubmitDiscard(regions, ended)),
        WayIn.Callback or WayIn.Batch => Wait(ended => _client!.SubmitDiscard(regions, ended)),
        WayIn.Reactor or WayIn.ReactorBatch => Wait(ended => _reactor!.SubmitDiscard(regions, ended)),
    };

    public IoResult WriteZeroes(params IoRegion[] regions) => _way switch
    {
        WayIn.Sync or WayIn.SyncOnLane => _client!.WriteZeroes(regions),
        WayIn.Awaited => Wait(_client!.WriteZeroesAsync(regions)),
        WayIn.InsideACallback => Nested(regions, ended => _client!.SubmitWriteZeroes(regions, ended)),
        WayIn.Callback or WayIn.Batch => Wait(ended => _client!.SubmitWriteZeroes(regions, ended)),
        WayIn.Reactor or WayIn.ReactorBatch => Wait(ended => _reactor!.SubmitWriteZeroes(regions, ended)),
    };

    public void Dispose()
    {
        _client?.Dispose();
        _reactor?.Dispose();
    }

    private static IoResult Wait(ValueTask<IoResult> request)
    {
        Task<IoResult> task = request.AsTask();
        return task.Wait(Limit) ? task.Result : throw new TimeoutException("A request did not end.");
    }

    /// <summary>Submits from a callback of the same lane.</summary>
    private IoResult Nested(IoRegion[] regions, Action<IoNotify> submit) => Wait(
        ended => _client!.SubmitRead(new IoRegion(regions[0].Device, 0, 0), default, (_, _) => submit(ended)));

    private IoResult Wait(Action<IoNotify> submit)
    {
        TaskCompletionSource<IoResult> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        submit((result, _) => done.SetResult(result));
        if (_reactor is not null)
        {
            while (!done.Task.IsCompleted)
            {
                if (_reactor.Poll(1, Limit) == 0)
                    throw new TimeoutException("A request did not end.");
            }
        }

        return done.Task.Wait(Limit) ? done.Task.Result : throw new TimeoutException("A request did not end.");
    }
}
