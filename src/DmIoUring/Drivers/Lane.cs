using System.Collections.Concurrent;
using System.Diagnostics;
using DmIoUring.Engine;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>
/// A long-lived thread that owns one engine. Any thread hands it requests; callbacks run on it. Here is what other threads
/// see of it; <see cref="Lane{TRing}"/> is what runs.
/// </summary>
#pragma warning disable CA1001 // What it owns is its thread's, which lets go of it when it ends.
internal abstract class Lane
#pragma warning restore CA1001
{
    private readonly Inbox _inbox = new();
    private readonly WakeEvent _wake = new();
    private readonly Thread _thread;
    private readonly TaskCompletionSource _started = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<TaskCompletionSource<IReadOnlyList<IoPendingRequest>>> _surveys = new();
    private long _wakeUps;
    private long _longestDispatch;
    private volatile bool _closing;
    private volatile bool _lookForStops;

    protected Lane(string name)
    {
        LookForStops = () =>
        {
            _lookForStops = true;
            Nudge();
        };
        _thread = new Thread(Run, maxStackSize: 0) { IsBackground = true, Name = name };
    }

    public abstract EngineCounters Counters { get; }

    /// <summary>What registering the pool's pages with the ring answered: 0, or why they travel unregistered.</summary>
    public abstract int RegisterErrno { get; }

    /// <summary>The longest time that one turn's completions and their callbacks took.</summary>
    public TimeSpan LongestDispatch => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _longestDispatch));

    public long WakeUps => Interlocked.Read(ref _wakeUps);

    /// <summary>Completed when the lane has ended its last request and let go of its ring.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Tells the lane that a request of its is to be cancelled. Any thread, callbacks included.</summary>
    public Action LookForStops { get; }

    /// <summary>Whether the caller is a callback of this lane: it must not wait for the lane.</summary>
    public bool IsCurrentThread => Thread.CurrentThread == _thread;

    protected abstract bool IsIdle { get; }

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

    /// <summary>Has the lane end once everything that it has is done. Does not wait. Any thread, the finalizer's included.</summary>
    public void Close()
    {
        _closing = true;
        Nudge();
    }

    /// <summary>What the lane has under way. Any thread, callbacks included; not answered while a callback of the lane blocks.</summary>
    public Task<IReadOnlyList<IoPendingRequest>> SurveyAsync()
    {
        if (IsCurrentThread)
            return Task.FromResult(Survey());
        TaskCompletionSource<IReadOnlyList<IoPendingRequest>> survey = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _surveys.Enqueue(survey);
        Nudge();

        // Asked first, then looked: a lane that ends meanwhile looks once more after it said so.
        if (_ended.Task.IsCompleted)
            AnswerSurveys([]);
        return survey.Task;
    }

    /// <summary>Starts the thread and waits until it has taken the ring over.</summary>
    /// <exception cref="InvalidOperationException">It could not.</exception>
    protected void Start()
    {
        try
        {
            _thread.Start();
        }
        catch
        {
            // The runtime's OutOfMemoryException: no thread, so nobody else lets go.
            Release();
            _wake.Dispose();
            throw;
        }

        _started.Task.GetAwaiter().GetResult();
    }

    /// <summary>Makes the lane's thread the owner of its engine, which is woken by the eventfd.</summary>
    protected abstract void TakeOver(int eventfd);

    /// <summary>Takes a request and those linked behind it.</summary>
    protected abstract void Accept(Request oldest);

    protected abstract void StopAskedRequests();

    /// <summary>Enters the ring once.</summary>
    protected abstract void Enter(bool wait);

    protected abstract void Dispatch();

    protected abstract IReadOnlyList<IoPendingRequest> Survey();

    /// <summary>Lets go of the engine and its ring.</summary>
    protected abstract void Release();

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
            if (_inbox.TakeAll() is { } oldest)
                Accept(oldest);
            if (_closing && IsIdle && _inbox.TryClose())
                break;

            // Announced first, then looked at what else there is: whoever closes, cancels or delivers does it the other way
            // round, so either the lane sees it here or the eventfd gets written.
            // Awake again before callbacks run, so that what they submit needs no waking.
            bool announced = _inbox.TrySleep();
            bool asked = LookAtWhatWasAsked();
            Enter(wait: announced && !asked && !(_closing && IsIdle));
            if (announced)
                _inbox.Interrupt();
            TimeDispatch();
        }

        Release();
        _wake.Dispose();
        _ended.SetResult();
        AnswerSurveys([]);
    }

    private bool LookAtWhatWasAsked()
    {
        bool asked = _lookForStops;
        if (asked)
        {
            // Taken back first: who asks from here on sets it again.
            _lookForStops = false;
            Interlocked.MemoryBarrier();
            StopAskedRequests();
        }

        if (_surveys.IsEmpty)
            return asked;
        AnswerSurveys(Survey());
        return true;
    }

    private void AnswerSurveys(IReadOnlyList<IoPendingRequest> answer)
    {
        while (_surveys.TryDequeue(out TaskCompletionSource<IReadOnlyList<IoPendingRequest>>? survey))
            survey.SetResult(answer);
    }

    /// <summary>Deals with completions and keeps the time: a callback that blocks holds up everybody on the lane.</summary>
    private void TimeDispatch()
    {
        long start = Stopwatch.GetTimestamp();
        Dispatch();
        long ticks = Stopwatch.GetTimestamp() - start;
        if (ticks > Volatile.Read(ref _longestDispatch))
            Volatile.Write(ref _longestDispatch, ticks);
    }

    private bool TryStart()
    {
        try
        {
            TakeOver(_wake.Descriptor);
            _started.SetResult();
            return true;
        }
        catch (InvalidOperationException exception)
        {
            Release();
            _wake.Dispose();
            _started.SetException(exception);
            return false;
        }
    }
}
