using System.Collections.Concurrent;
using System.Diagnostics;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Rings;

namespace DmIoUring.Native.Requests;

/// <summary>
/// Requests of a polled client that have ended. Lanes add them, the host's threads run their callbacks; an eventfd is readable while there are some, for
/// the host's event loop.
/// </summary>
internal sealed unsafe class CompletionQueue : IDisposable
{
    /// <summary>A poll ends after so many, so that the event loop's other descriptors get their turn.</summary>
    private const int MostInARow = 64;

    private readonly ConcurrentQueue<Completion> _ready = new();
    private readonly WakeEvent _event = new();
    private readonly object _gate = new();

    /// <summary>The queues whose callbacks the thread runs, one in another.</summary>
    [ThreadStatic]
    private static List<CompletionQueue>? _runsHere;

    private int _isSignalled;
    private int _running;

    /// <summary>Of those that run, the ones that wait in <see cref="Close"/>; by the gate.</summary>
    private int _closing;
    private volatile bool _closed;

    /// <summary>The eventfd.</summary>
    public int Descriptor => _event.Descriptor;

    /// <summary>A lane's thread.</summary>
    public void Add(in Completion completion)
    {
        _ready.Enqueue(completion);
        Signal();

        // A client that is closed in a callback has no time to wait, and nobody polls any more. Signal is a full fence, as Dispose has one: one of the two sees the other.
        if (_closed)
            Run(int.MaxValue);
    }

    /// <summary>Runs the callbacks that are ready.</summary>
    /// <param name="timeout">How long it waits for the first, in milliseconds; negative for no limit.</param>
    /// <returns>How many ran; 0 when the time has passed, or the client is being closed.</returns>
    public int Poll(int timeout)
    {
        long end = Environment.TickCount64 + timeout;
        while (true)
        {
            int ran = PollOnce(timeout);
            if (ran != 0 || timeout == 0 || _closed)
                return ran;

            // Another thread was quicker: the eventfd wakes all that wait.
            if (timeout > 0)
                timeout = (int)Math.Max(end - Environment.TickCount64, 0);
        }
    }

    private int PollOnce(int timeout)
    {
        bool held = false;
        try
        {
            // The number may be another file's once it is closed.
            _event.DangerousAddRef(ref held);
            if (timeout != 0 && _ready.IsEmpty && !_closed)
                Wait(timeout);

            // In this order: what is added after the eventfd was emptied is found below, or signals again.
            if (!_closed)
            {
                WakeEvent.Drain(_event.Descriptor);
                Interlocked.Exchange(ref _isSignalled, 0);

                // The signal that was emptied may have been the close's, which is for every thread that waits. Not by Signal: the eventfd may be disposed, and is open as long as it is held here.
                ulong one = 1;
                if (_closed)
                    _ = Libc.Write(_event.Descriptor, &one, sizeof(ulong));
            }
        }
        catch (ObjectDisposedException) when (_closed)
        {
            // The close was quicker, and what is ready is run below.
        }
        finally
        {
            if (held)
                _event.DangerousRelease();
        }

        int ran = Run(MostInARow);
        if (!_ready.IsEmpty)
            Signal();
        return ran;
    }

    /// <summary>Runs what nobody collected, ends waits, and waits for callbacks that run on other threads. What is added afterwards runs at once.</summary>
    /// <param name="limit">How long it waits.</param>
    /// <returns>Whether they have returned; in a callback that runs here, all but those that are closing as well.</returns>
    public bool Close(TimeSpan limit)
    {
        _closed = true;
        Interlocked.MemoryBarrier();
        Run(int.MaxValue);
        _event.Signal();
        int here = _runsHere?.Count(one => one == this) ?? 0;
        long start = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _closing += here;
            Monitor.PulseAll(_gate);
            try
            {
                while (Volatile.Read(ref _running) != (here == 0 ? 0 : _closing))
                {
                    double left = (limit - Stopwatch.GetElapsedTime(start)).TotalMilliseconds;
                    if (left <= 0)
                        return false;
                    Monitor.Wait(_gate, (int)Math.Min(Math.Ceiling(left), int.MaxValue));
                }

                return true;
            }
            finally
            {
                _closing -= here;
            }
        }
    }

    /// <summary>Closes the eventfd, once nobody waits for it.</summary>
    public void Dispose() => _event.Dispose();

    private int Run(int most)
    {
        // Before the first is taken, so that a close sees what is neither in the queue nor has returned.
        Interlocked.Increment(ref _running);
        List<CompletionQueue> here = _runsHere ??= [];
        here.Add(this);
        int ran = 0;
        for (; ran < most && _ready.TryDequeue(out Completion completion); ran++)
            completion.Notification.Call(completion.Result, completion.Bytes, completion.Context);
        here.RemoveAt(here.Count - 1);
        Interlocked.Decrement(ref _running);
        if (_closed)
        {
            lock (_gate)
                Monitor.PulseAll(_gate);
        }

        return ran;
    }

    private void Signal()
    {
        if (Interlocked.Exchange(ref _isSignalled, 1) == 0)
            _event.Signal();
    }

    private void Wait(int timeout)
    {
        Pollfd descriptor = new() { fd = _event.Descriptor, events = FileAbi.POLLIN };
        KernelTimespec limit = new() { tv_sec = timeout / 1000, tv_nsec = timeout % 1000 * 1_000_000L };
        int result = Libc.Ppoll(&descriptor, 1, timeout < 0 ? null : &limit);
        if (result < 0)
            throw new NativeException(-result, $"The wait for callbacks ended: {Errno.Name(-result)}.");
    }
}
