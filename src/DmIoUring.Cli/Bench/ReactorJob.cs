namespace DmIoUring.Cli.Bench;

/// <summary>
/// A thread and a reactor of its own: it polls, and the callbacks in the poll submit what the next poll hands over. It carries a job of each target.
/// </summary>
internal sealed class ReactorJob : IDisposable
{
    private readonly BenchRun _run;
    private readonly SlotMemory _memory;
    private readonly BenchJob[] _jobs;
    private readonly int _batch;
    private readonly IoNotify _ended;
    private readonly ArrivalSchedule? _arrivals;
    private BenchSlot? _free;
    private bool _isOver;

    /// <summary>Makes the reactor and takes the memory.</summary>
    /// <param name="run">The run.</param>
    /// <param name="number">Which job.</param>
    /// <inheritdoc cref="ClientLoad(BenchRun, int)" path="/exception"/>
    public ReactorJob(BenchRun run, int number)
    {
        BenchRequest request = run.Request;
        _run = run;
        _batch = request.Batch ?? 1;
        _ended = OnEnded;
        _arrivals = run.ArrivalsOf(number);
        Reactor = new IoReactor(request.Engine.ForReactor(request) with { CallbackFailed = run.Fail });
        try
        {
            _memory = new SlotMemory(request.Memory, Reactor.Pages, request.Depth * run.Targets.Count, request.BlockBytes, request.Seed);
        }
        catch
        {
            Reactor.Dispose();
            throw;
        }

        _jobs = [.. run.Targets.Select(target => new BenchJob(run, target, number, _memory, firstBuffer: target.Number * request.Depth))];
    }

    public IoReactor Reactor { get; }

    public long Measured => _jobs.Sum(static job => job.Measured);

    public long MeasuredOf(BenchTarget target) => _jobs[target.Number].Measured;

    /// <summary>The thread's work: returns when every request has ended and the reactor is gone.</summary>
    /// <param name="full">Told when the queue is full.</param>
    public void Work(CountdownEvent full)
    {
        Guard(Fill);
        full.Signal();
        Guard(Poll);
        Dispose();
    }

    /// <summary>Lets go of the reactor, on the thread that owns it, and of the memory.</summary>
    public void Dispose()
    {
        if (_isOver)
            return;
        _isOver = true;
        Reactor.Dispose();

        // Of requests that never ended the kernel still has the memory.
        if (Reactor.UnderWay == 0)
            _memory.Dispose();
    }

    private void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or IOException)
        {
            _run.Fail(exception);
        }
    }

    private void Fill()
    {
        _arrivals?.Start();
        foreach (BenchSlot slot in _jobs.SelectMany(static job => job.Slots))
            Next(slot);
        Reactor.Poll();
    }

    private void Poll()
    {
        while (_run.Phase != BenchPhase.Stopping)
        {
            if (_arrivals is null)
                Reactor.Poll(_batch);
            else
                PollUntilDue(_arrivals);
        }

        while (Reactor.UnderWay > 0)
            Reactor.Poll(Reactor.UnderWay);
    }

    private void OnEnded(IoResult result, object? context)
    {
        BenchSlot slot = (BenchSlot)context!;
        if (slot.End(result))
            Next(slot);
    }

    /// <summary>Submits the slot's next request, or keeps it for one that is not due yet.</summary>
    private void Next(BenchSlot slot)
    {
        if (_arrivals is null)
        {
            Submit(slot, due: 0);
            return;
        }

        slot.NextFree = _free;
        _free = slot;
    }

    /// <summary>Submits what is due, and polls until the next one is; while no slot is free until one is.</summary>
    private void PollUntilDue(ArrivalSchedule arrivals)
    {
        while (_free is { } slot && arrivals.Left == TimeSpan.Zero)
        {
            _free = slot.NextFree;
            Submit(slot, arrivals.Take());
        }

        if (Reactor.UnderWay == 0)
            arrivals.Wait(_run);
        else if (_free is null)
            Reactor.Poll(1);
        else
            Reactor.Poll(1, arrivals.Left);
    }

    private void Submit(BenchSlot slot, long due)
    {
        slot.Draw(due);
        if (slot.IsRead)
            Reactor.SubmitRead(slot.Region, slot.Buffer, _ended, slot);
        else
            Reactor.SubmitWrite(slot.Regions, slot.Buffer, _ended, slot, slot.WriteOptions);
    }
}
