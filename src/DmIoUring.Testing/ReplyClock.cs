using System.Diagnostics;

namespace DmIoUring.Testing;

/// <summary>Answers requests later, in order of when they are due, on a thread of its own: the pool's may all be waiting for the answer.</summary>
internal sealed class ReplyClock : IDisposable
{
    private readonly PriorityQueue<MediumCall, long> _due = new();
    private readonly Action<MediumCall> _answer;
    private Thread? _thread;
    private bool _stopped;

    public ReplyClock(Action<MediumCall> answer) => _answer = answer;

    /// <summary>Has a request answered when its delay is over.</summary>
    /// <returns>False when the host gives no memory or no thread for it: then it is due now.</returns>
    public bool TryAdd(MediumCall call)
    {
        try
        {
            Add(call);
            return true;
        }
        catch (OutOfMemoryException)
        {
            return false;
        }
    }

    /// <summary>Forgets what is not due yet.</summary>
    public void Dispose()
    {
        lock (_due)
        {
            _stopped = true;
            Monitor.Pulse(_due);
        }

        _thread?.Join();
    }

    private void Add(MediumCall call)
    {
        lock (_due)
        {
            if (_stopped)
                return;
            _due.Enqueue(call, Stopwatch.GetTimestamp() + (long)(call.Delay.TotalSeconds * Stopwatch.Frequency));
            if (_thread is null)
            {
                Thread thread = new(Run) { IsBackground = true, Name = "dmio-medium-late" };
                thread.Start();
                _thread = thread;
            }

            Monitor.Pulse(_due);
        }
    }

    private void Run()
    {
        while (Next() is { } call)
            _answer(call);
    }

    private MediumCall? Next()
    {
        lock (_due)
        {
            while (!_stopped)
            {
                if (!_due.TryPeek(out MediumCall? call, out long due))
                {
                    Monitor.Wait(_due);
                    continue;
                }

                TimeSpan left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
                if (left <= TimeSpan.Zero)
                    return _due.Dequeue();
                Monitor.Wait(_due, left < MediumGate.LongestWait ? left : MediumGate.LongestWait);
            }

            return null;
        }
    }
}
