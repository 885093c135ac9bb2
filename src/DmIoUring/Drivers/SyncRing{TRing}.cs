using DmIoUring.Engine;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>A thread's own ring of some kind.</summary>
internal sealed class SyncRing<TRing> : SyncRing
    where TRing : struct, IRing
{
    private readonly IoEngine<TRing> _engine;
    private readonly Request _request;

    /// <summary>Takes over a ring that is not enabled yet, for the calling thread.</summary>
    public SyncRing(TRing ring, DmIoOptions options, CallbackReporter reporter)
    {
        // Without the page pool: registered with every thread's ring it would be pinned as many times, and stay pinned
        // by rings that are idle.
        _engine = new IoEngine<TRing>(ring, options.ChunkBytes, options.TimeLimitNanoseconds);
        _engine.Enable(register: false);
        _request = new Request(reporter);
    }

    public override EngineCounters Counters => _engine.Counters;

    public override IoResult Run(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options, in PageList copy)
    {
        try
        {
            _request.Prepare(operation, regions, buffer, options, copy);
        }
        catch
        {
            _request.Release();
            throw;
        }

        _request.EndSync(sleeps: false);
        _engine.Accept(_request);
        while (!_request.IsDone)
            _engine.Turn(wait: true);
        return _request.Result;
    }

    protected override void Release() => _engine.Dispose();
}
