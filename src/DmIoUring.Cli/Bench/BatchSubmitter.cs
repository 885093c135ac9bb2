namespace DmIoUring.Cli.Bench;

/// <summary>
/// One job whose thread hands over a batch as soon as a batch of slots has come back. Callbacks push slots on a stack and count
/// them; the thread takes as many counts as it wants slots, and sleeps until the last of them is there.
/// </summary>
internal sealed class BatchSubmitter : IDisposable
{
    private readonly BenchRun _run;
    private readonly DmIoClient _client;
    private readonly BenchSlot[] _slots;
    private readonly IoRequest[] _batch;
    private readonly IoNotify _ended;
    private readonly SemaphoreSlim _enough = new(0);
    private readonly ArrivalSchedule? _arrivals;
    private BenchSlot? _returned;
    private BenchSlot? _free;

    /// <summary>Slots that came back and that nobody asked for; below 0 as many as the thread sleeps for.</summary>
    private int _count;
    private int _underWay;

    /// <summary>Makes the batch.</summary>
    /// <param name="run">The run.</param>
    /// <param name="client">Who carries the requests.</param>
    /// <param name="slots">The job's.</param>
    /// <param name="arrivals">When each request is to be submitted; null to submit as soon as a batch of slots has come back.</param>
    public BatchSubmitter(BenchRun run, DmIoClient client, BenchSlot[] slots, ArrivalSchedule? arrivals)
    {
        _arrivals = arrivals;
        _run = run;
        _client = client;
        _slots = slots;
        _batch = new IoRequest[run.Request.Batch ?? 1];
        _ended = OnEnded;
    }

    /// <summary>Fills the job's queue, unless requests come at a rate; on the job's thread.</summary>
    public void Fill()
    {
        foreach (BenchSlot slot in _slots)
            Keep(slot);
        if (_arrivals is not null)
        {
            _count = _slots.Length;
            _underWay = _slots.Length;
            _arrivals.Start();
            return;
        }

        for (int filled = 0; filled < _slots.Length; filled += _batch.Length)
        {
            if (!TrySubmit(Math.Min(_batch.Length, _slots.Length - filled)))
                return;
        }
    }

    /// <summary>Keeps it full until the run stops, and returns when every request has ended; on the job's thread.</summary>
    public void Run()
    {
        bool goesOn = _run.Phase != BenchPhase.Stopping;
        while (goesOn)
        {
            _arrivals?.Wait(_run);
            Wait(_batch.Length);
            goesOn = _run.Phase != BenchPhase.Stopping && TrySubmit(_batch.Length);
        }

        Wait(_underWay);
    }

    /// <summary>Not before the client is gone: its last callback may still be about to wake the thread.</summary>
    public void Dispose() => _enough.Dispose();

    private void OnEnded(IoResult result, object? context)
    {
        BenchSlot slot = (BenchSlot)context!;
        slot.End(result);
        BenchSlot? top;
        do
        {
            top = Volatile.Read(ref _returned);
            slot.NextFree = top;
        }
        while (Interlocked.CompareExchange(ref _returned, slot, top) != top);

        // On the stack before it is counted: a count that was taken always has its slot.
        if (Interlocked.Increment(ref _count) == 0)
            _enough.Release();
    }

    private void Wait(int slots)
    {
        if (slots > 0 && Interlocked.Add(ref _count, -slots) < 0)
            _enough.Wait();
        _underWay -= slots;
    }

    private bool TrySubmit(int count)
    {
        for (int i = 0; i < count; i++)
        {
            BenchSlot slot = TakeFree();
            slot.Draw(_arrivals?.Take() ?? 0);
            _batch[i] = slot.ToRequest(_ended);
        }

        try
        {
            _client.Submit(_batch.AsSpan(0, count));
            _underWay += count;
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            _run.Fail(exception);
            return false;
        }
    }

    private BenchSlot TakeFree()
    {
        BenchSlot slot = (_free ?? Interlocked.Exchange(ref _returned, null))!;
        _free = slot.NextFree;
        return slot;
    }

    private void Keep(BenchSlot slot)
    {
        slot.NextFree = _free;
        _free = slot;
    }
}
