using System.Diagnostics;
using DmIoUring.Drivers;
using DmIoUring.Threading;

namespace DmIoUring;

/// <content>The client's end, and what is under way until then.</content>
public sealed partial class DmIoClient
{
    /// <summary>How long a lane may take to say what it has under way; one that takes longer is held by a callback.</summary>
    private static readonly TimeSpan QueryLimit = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Lets the lanes of a client that nobody disposed and nobody can reach end: what is under way ends first, with its
    /// callbacks. Waits for nothing. A client is reachable while a callback that is still to run can reach it.
    /// </summary>
#pragma warning disable MA0055 // The lanes are threads: nothing else ends them.
    ~DmIoClient() => BeginDispose();
#pragma warning restore MA0055

    /// <summary>
    /// Refuses new requests and returns when every request under way has ended and every callback has returned, or when
    /// <see cref="IoDriverOptions.DisposeTimeLimit"/> has passed: then <see cref="IoDriverOptions.DisposeGaveUp"/> is told what has not
    /// ended, and a later call waits again. What has not ended keeps its memory and its devices, and its callback runs when the
    /// kernel has let go.
    /// </summary>
    /// <remarks>
    /// Any thread, any number of times. Called from a callback, of this client or of another, it does not wait: the lanes end by themselves. A synchronous
    /// call under way on another thread finishes by itself, and a synchronous call's memory is its caller's affair.
    /// </remarks>
    public void Dispose()
    {
        BeginDispose();
        GC.SuppressFinalize(this);
        if (CallbackThread.IsCurrent)
            return;

        // By waits of this thread's own: a thread pool that is busy elsewhere must not hold up the end, or look like one.
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
    }

    /// <summary>As <see cref="Dispose"/>, without blocking anybody.</summary>
    /// <returns>The end of the lanes, or of the patience. Safe to await from a callback's continuation, not to block on in a callback.</returns>
    public async ValueTask DisposeAsync()
    {
        BeginDispose();
        GC.SuppressFinalize(this);
        long start = Stopwatch.GetTimestamp();
        try
        {
            await Task.WhenAll(Array.ConvertAll(_lanes, static lane => lane.Ended)).WaitAsync(_options.DisposeTimeLimit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            GiveUp(Stopwatch.GetElapsedTime(start), await AnswersOfLanesAsync().ConfigureAwait(false));
        }
    }

    /// <summary>
    /// What the client's lanes have under way now, for a person who looks for a stuck device. Synchronous calls on their
    /// threads' own rings are not among it. Any thread, callbacks included, before and after <see cref="Dispose"/>.
    /// </summary>
    /// <returns>The requests. Those of a lane that is held by a callback are missing: it does not answer within a second.</returns>
    public async Task<IReadOnlyList<IoPendingRequest>> GetPendingRequestsAsync() =>
        [.. (await AnswersOfLanesAsync().ConfigureAwait(false)).SelectMany(static answer => answer ?? [])];

    private void BeginDispose()
    {
        // A constructor that threw leaves a client without them to the finalizer.
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

    /// <summary>What each lane has under way; null for one that does not answer.</summary>
    private async Task<IReadOnlyList<IoPendingRequest>?[]> AnswersOfLanesAsync()
    {
        Task<IReadOnlyList<IoPendingRequest>>[] queries = QueryLanes();
        try
        {
            await Task.WhenAll(queries).WaitAsync(QueryLimit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Those that did not answer are told apart below.
        }

        return AnswersSoFar(queries);
    }

    private static IReadOnlyList<IoPendingRequest>?[] AnswersSoFar(Task<IReadOnlyList<IoPendingRequest>>[] queries) =>
        Array.ConvertAll(queries, static query => query.IsCompletedSuccessfully ? query.Result : null);

    private void GiveUp(TimeSpan waited, IReadOnlyList<IoPendingRequest>?[] answers)
    {
        _options.ReportGaveUp(
            new IoUnfinished(waited, [.. answers.SelectMany(static answer => answer ?? [])], answers.Count(static answer => answer is null)));
    }
}
