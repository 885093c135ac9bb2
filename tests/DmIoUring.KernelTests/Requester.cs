namespace DmIoUring.KernelTests;

/// <summary>A client, or a reactor, whose requests are all made in one way and waited for on the calling thread.</summary>
internal sealed class Requester : IDisposable
{
    /// <summary>Past it a request counts as lost.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Way _way;
    private readonly DmIoClient? _client;
    private readonly IoReactor? _reactor;
    private int _submitted;
    private int _called;

    public Requester(Way way)
    {
        _way = way.Shape();
        if (_way == Way.Reactor)
            _reactor = new IoReactor(new IoReactorOptions { Ring = way.Ring() });
        else
            _client = new DmIoClient(new DmIoOptions { Ring = way.Ring() });
    }

    public PageMemoryPool Pages => _client?.Pages ?? _reactor!.Pages;

    public PageReservation Reserve(long pages) => _client?.Reserve(pages) ?? _reactor!.Reserve(pages);

    public IoResult Write(IoRegion[] regions, IoBuffer buffer, IoRequestOptions options = default) => _way switch
    {
        Way.Sync => _client!.Write(regions, buffer, options),
        Way.Awaited => Wait(_client!.WriteAsync(regions, buffer, options)),
        Way.Callback => Called(notify => _client!.SubmitWrite(regions, buffer, notify, null, options)),
        _ => Called(notify => _reactor!.SubmitWrite(regions, buffer, notify, null, options)),
    };

    public IoResult Read(IoRegion region, IoBuffer buffer) => _way switch
    {
        Way.Sync => _client!.Read(region, buffer),
        Way.Awaited => Wait(_client!.ReadAsync(region, buffer)),
        Way.Callback => Called(notify => _client!.SubmitRead(region, buffer, notify)),
        _ => Called(notify => _reactor!.SubmitRead(region, buffer, notify)),
    };

    public IoResult Flush(params IoRegion[] regions) => _way switch
    {
        Way.Sync => _client!.Flush(regions),
        Way.Awaited => Wait(_client!.FlushAsync(regions)),
        Way.Callback => Called(notify => _client!.SubmitFlush(regions, notify)),
        _ => Called(notify => _reactor!.SubmitFlush(regions, notify)),
    };

    public IoResult Discard(params IoRegion[] regions) => _way switch
    {
        Way.Sync => _client!.Discard(regions),
        Way.Awaited => Wait(_client!.DiscardAsync(regions)),
        Way.Callback => Called(notify => _client!.SubmitDiscard(regions, notify)),
        _ => Called(notify => _reactor!.SubmitDiscard(regions, notify)),
    };

    public IoResult WriteZeroes(params IoRegion[] regions) => _way switch
    {
        Way.Sync => _client!.WriteZeroes(regions),
        Way.Awaited => Wait(_client!.WriteZeroesAsync(regions)),
        Way.Callback => Called(notify => _client!.SubmitWriteZeroes(regions, notify)),
        _ => Called(notify => _reactor!.SubmitWriteZeroes(regions, notify)),
    };

    /// <summary>Asserts that every request was told of once, too.</summary>
    public void Dispose()
    {
        _client?.Dispose();
        _reactor?.Dispose();
        Assert.Equal(_submitted, Volatile.Read(ref _called));
    }

    private static IoResult Wait(ValueTask<IoResult> task)
    {
        Task<IoResult> result = task.AsTask();
        Assert.True(result.Wait(Limit), $"Not completed within {Limit}.");
        return result.Result;
    }

    private IoResult Called(Action<IoNotify> submit)
    {
        TaskCompletionSource<IoResult> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        submit((result, _) =>
        {
            Interlocked.Increment(ref _called);
            ended.TrySetResult(result);
        });
        _submitted++;
        if (_reactor is not null)
            Assert.Equal(1, _reactor.Poll(1, Limit));
        Assert.True(ended.Task.Wait(Limit), $"No callback within {Limit}.");
        return ended.Task.Result;
    }
}
