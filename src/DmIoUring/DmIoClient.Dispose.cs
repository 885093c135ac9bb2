using System.Diagnostics;
using DmIoUring.Drivers;
using DmIoUring.Threading;

namespace DmIoUring;

/// <content>Dispose, and the requests that are pending until then.</content>
public sealed partial class DmIoClient
{
    /// <summary>How long to wait for a lane to list its pending requests. A lane that takes longer is blocked by a callback.</summary>
    private static readonly TimeSpan QueryLimit = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Ends the lanes of a client that was not disposed and is unreachable. Pending requests end first, with their callbacks. Does not
    /// wait. A client stays reachable while a pending callback references it.
    /// </summary>
#pragma warning disable MA0055 // The lanes are threads: nothing else ends them.
    ~DmIoClient() => BeginDispose();
#pragma warning restore MA0055

    /// <summary>
    /// Refuses new requests and returns when every pending request has ended and every callback has returned, or when
    /// <see cref="IoDriverOptions.DisposeTimeLimit"/> has passed. In that case <see cref="IoDriverOptions.DisposeGaveUp"/> receives the requests
    /// that have not ended, and a later call waits again. Those requests keep their memory and their devices; their callbacks run when the
    /// kernel has released both.
    /// </summary>
    /// <remarks>
    /// May be called on any thread, any number of times. In a callback, of this client or of another, it does not wait: the lanes end by
    /// themselves. A synchronous call on another thread continues to its end; its buffer remains the responsibility of its caller.
    /// </remarks>
    public void Dispose()
    {
        BeginDispose();
        GC.SuppressFinalize(this);
        if (CallbackThread.IsInCallback)
            return;

        // Blocks this thread instead of using the thread pool: a busy pool must neither delay the end nor make it look late.
        long start = Stopwatch.GetTimestamp();
        foreach (Lane lane in _lanes)
        {
            if (!UninterruptedWait.WaitFor(lane.Ended, Left(start)))
            {
                Task<IReadOnlyList<IoPendingRequest>>[] queries = QueryLanes();
                UninterruptedWait.WaitForAll(queries, QueryLimit);
                GiveUp(Stopwatch.GetElapsedTime(start), AnswersSoFar(queries));
                return;
            }
        }

        // The pool may have no thread to spare: perhaps this one is of it.
        while (_handOver is not null && _handOver.TryRunOne())
        {
        }

        if (_handOver is not null && !UninterruptedWait.WaitFor(_handOver.Ended, Left(start)))
        {
            GiveUp(Stopwatch.GetElapsedTime(start), []);
            return;
        }

        _metered.End();
    }

    /// <summary>As <see cref="Dispose"/>, without blocking a thread.</summary>
    /// <returns>A task that completes when the lanes have ended or the time limit has passed. It may be awaited after a callback; do not block on it in a callback.</returns>
    public async ValueTask DisposeAsync()
    {
        BeginDispose();
        GC.SuppressFinalize(this);
        long start = Stopwatch.GetTimestamp();
        try
        {
            await Task.WhenAll([.. _lanes.Select(static lane => lane.Ended), _handOver?.Ended ?? Task.CompletedTask]).WaitAsync(_options.DisposeTimeLimit).ConfigureAwait(false);
            _metered.End();
        }
        catch (TimeoutException)
        {
            GiveUp(Stopwatch.GetElapsedTime(start), await AnswersOfLanesAsync().ConfigureAwait(false));
        }
    }

    /// <summary>
    /// The requests that are pending on the client's lanes now, to find a stuck device. Synchronous calls that use a ring of their own thread
    /// are not listed. May be called on any thread, callbacks included, before and after <see cref="Dispose"/>.
    /// </summary>
    /// <returns>The requests. Those of a lane that is blocked by a callback for more than a second are missing: see <see cref="GetLaneStatus"/>.</returns>
    public async Task<IReadOnlyList<IoPendingRequest>> GetPendingRequestsAsync() =>
        [.. (await AnswersOfLanesAsync().ConfigureAwait(false)).SelectMany(static answer => answer ?? [])];

    private void BeginDispose()
    {
        // The finalizer may find a client whose constructor threw.
        _submission?.Close();
        foreach (Lane? lane in _lanes ?? [])
            lane?.Close();
        _syncRings?.Dispose();
        _rings?.Dispose();
        _pagePool?.Dispose();
    }

    private TimeSpan Left(long start)
    {
        TimeSpan limit = _options.DisposeTimeLimit;
        if (limit == Timeout.InfiniteTimeSpan)
            return limit;
        TimeSpan left = limit - Stopwatch.GetElapsedTime(start);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private Task<IReadOnlyList<IoPendingRequest>>[] QueryLanes() => Array.ConvertAll(_lanes, static lane => lane.GetPendingRequestsAsync());

    /// <summary>The pending requests of each lane; null for a lane that does not answer.</summary>
    private async Task<IReadOnlyList<IoPendingRequest>?[]> AnswersOfLanesAsync()
    {
        Task<IReadOnlyList<IoPendingRequest>>[] queries = QueryLanes();
        try
        {
            await Task.WhenAll(queries).WaitAsync(QueryLimit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // AnswersSoFar returns null for those that did not answer.
        }

        return AnswersSoFar(queries);
    }

    private static IReadOnlyList<IoPendingRequest>?[] AnswersSoFar(Task<IReadOnlyList<IoPendingRequest>>[] queries) =>
        Array.ConvertAll(queries, static query => query.IsCompletedSuccessfully ? query.Result : null);

    private void GiveUp(TimeSpan waited, IReadOnlyList<IoPendingRequest>?[] answers)
    {
        _options.ReportGaveUp(
            new IoUnfinished(waited, [.. answers.SelectMany(static answer => answer ?? [])], answers.Count(static answer => answer is null))
            {
                RunningCallbacks = _handOver?.Count ?? 0,
            },
            _telemetry);
    }
}
