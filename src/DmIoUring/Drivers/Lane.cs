using System.Diagnostics;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>A long-lived thread that owns one engine. Any thread hands it requests; callbacks run on it.</summary>
internal sealed class Lane : IDisposable
{
    private readonly Inbox _inbox = new();
    private readonly WakeEvent _wake = new();
    private readonly IoEngine<KernelRing> _engine;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _started = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _wakeUps;
    private long _longestDispatch;
    private volatile bool _closing;
    private volatile bool _lookForStops;

    /// <summary>Starts the lane's thread on a ring that is not enabled yet.</summary>
    /// <exception cref="InvalidOperationException">The thread could not take the ring over.</exception>
    public Lane(KernelRing ring, DmIoOptions options, PagePool pages, string name)
    {
        _engine = new IoEngine<KernelRing>(ring, options.ChunkBytes, options.TimeLimitNanoseconds, pages) { Notify = Nudge };
        LookForStops = () =>
        {
            _lookForStops = true;
            Nudge();
        };
        _thread = new Thread(Run, maxStackSize: 0) { IsBackground = true, Name = name };
        _thread.Start();
        _started.Task.GetAwaiter().GetResult();
    }

    public EngineCounters Counters => _engine.Counters;

    /// <summary>The longest time that one turn's completions and their callbacks took.</summary>
    public TimeSpan LongestDispatch => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _longestDispatch));

    public long WakeUps => Interlocked.Read(ref _wakeUps);

    /// <summary>What registering the pool's pages with the ring answered: 0, or why they travel unregistered.</summary>
    public int RegisterErrno => _engine.RegisterErrno;

    /// <summary>Completed when the lane has ended its last request and let go of its ring.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Tells the lane that a request of its is to be cancelled. Any thread, callbacks included.</summary>
    public Action LookForStops { get; }

    /// <summary>Whether the caller is a callback of this lane: it must not wait for the lane.</summary>
    public bool IsCurrentThread => Thread.CurrentThread == _thread;

    /// <summary>Hands over a request. Any thread, callbacks included.</summary>
    /// <returns>False when the lane is closed: the request is still the caller's.</returns>
    public bool Submit(Request request)
    {
        Delivery delivery = _inbox.Deliver(request);
        if (delivery == Delivery.WakeOwner)
            Wake();
        return delivery != Delivery.Refused;
    }

    /// <summary>Has the lane take a turn: something outside of its inbox has changed. Any thread.</summary>
    public void Nudge()
    {
        if (_inbox.Interrupt())
            Wake();
    }

    /// <summary>Has the lane end once everything that it has is done. Does not wait.</summary>
    public void Close()
    {
        _closing = true;
        Nudge();
    }

    /// <summary>Closes the lane and waits for its end, unless a callback of its own disposes it.</summary>
    public void Dispose()
    {
        Close();
        if (!IsCurrentThread)
            _thread.Join();
    }

    private void Wake()
    {
        Interlocked.Increment(ref _wakeUps);
        _wake.Signal();
    }

    private void Run()
    {
        if (!TryStart())
            return;
        while (true)
        {
            for (Request? next, request = _inbox.TakeAll(); request is not null; request = next)
            {
                next = request.Next;
                _engine.Accept(request);
            }

            if (_closing && _engine.IsIdle && _inbox.TryClose())
                break;

            // Announced first, then looked at what else there is: whoever closes, cancels or delivers does it the other way
            // round, so either the lane sees it here or the eventfd gets written.
            // Awake again before callbacks run, so that what they submit needs no waking.
            bool announced = _inbox.TrySleep();
            bool stops = _lookForStops;
            if (stops)
                StopAskedRequests();
            _engine.Enter(wait: announced && !stops && !(_closing && _engine.IsIdle));
            if (announced)
                _inbox.Interrupt();
            Dispatch();
        }

        Release();
        _ended.SetResult();
    }

    /// <summary>Deals with completions and keeps the time: a callback that blocks holds up everybody on the lane.</summary>
    private void Dispatch()
    {
        long start = Stopwatch.GetTimestamp();
        _engine.Dispatch();
        long ticks = Stopwatch.GetTimestamp() - start;
        if (ticks > Volatile.Read(ref _longestDispatch))
            Volatile.Write(ref _longestDispatch, ticks);
    }

    private void StopAskedRequests()
    {
        // Taken back first: who asks from here on sets it again.
        _lookForStops = false;
        Interlocked.MemoryBarrier();
        _engine.StopAskedRequests();
    }

    private bool TryStart()
    {
        try
        {
            _engine.Enable(register: true);
            _engine.WakeOn(_wake.Descriptor);
            _started.SetResult();
            return true;
        }
        catch (InvalidOperationException exception)
        {
            Release();
            _started.SetException(exception);
            return false;
        }
    }

    private void Release()
    {
        _engine.Dispose();
        _wake.Dispose();
    }
}
