using System.Collections.Concurrent;
using DmIoUring.Threading;

namespace DmIoUring.Engine;

/// <summary>
/// Runs the callbacks of a client on the thread pool, and on threads that help. Before one runs, another work item is asked for if more are ready, so that a
/// callback that blocks holds up no other. Any thread.
/// </summary>
/// <param name="ended">Called when all lanes have ended and every callback has returned.</param>
internal sealed class CallbackHandOver(Action ended) : IThreadPoolWorkItem
{
    /// <summary>A work item ends after so many callbacks, so that the thread pool's other work gets its turn.</summary>
    private const int MostInARow = 64;

    private readonly ConcurrentQueue<Request> _ready = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left;
    private int _lanes;
    private int _isAskedFor;

    /// <summary>Completed when all lanes have ended and every callback has returned.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Callbacks that have not returned, those that have not begun included.</summary>
    public int Count => Volatile.Read(ref _left) - Volatile.Read(ref _lanes);

    /// <summary>Tells how many lanes are about to start: again, where those of another ring were tried before and have ended.</summary>
    public void Expect(int lanes)
    {
        _left = lanes;
        _lanes = lanes;
    }

    /// <summary>Adds a request that has ended.</summary>
    public void Add(Request request)
    {
        Interlocked.Increment(ref _left);
        _ready.Enqueue(request);
        AskForThread();
    }

    /// <summary>A lane has ended its last request.</summary>
    public void EndLane()
    {
        Interlocked.Decrement(ref _lanes);
        EndOne();
    }

    /// <summary>Runs one callback that is ready.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TryRunOne()
    {
        if (!_ready.TryDequeue(out Request? request))
            return false;
        if (!_ready.IsEmpty)
            AskForThread();
        bool before = CallbackThread.SetHandedOver(true);
        request.RunHandedOver();
        CallbackThread.SetHandedOver(before);
        EndOne();
        return true;
    }

    void IThreadPoolWorkItem.Execute()
    {
        // Before looking: what is added later asks again.
        Interlocked.Exchange(ref _isAskedFor, 0);
        for (int i = 0; i < MostInARow; i++)
        {
            if (!TryRunOne())
                return;
        }

        if (!_ready.IsEmpty)
            AskForThread();
    }

    private void AskForThread()
    {
        if (Volatile.Read(ref _isAskedFor) == 0 && Interlocked.Exchange(ref _isAskedFor, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void EndOne()
    {
        if (Interlocked.Decrement(ref _left) != 0)
            return;
        ended();
        _ended.SetResult();
    }
}
