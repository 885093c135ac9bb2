using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Simulation.Checks;

namespace DmIoUring.Simulation.Kernel;

/// <summary>
/// io_uring on seeded disks in virtual time: takes entries when it likes, moves their bytes at any time until they complete,
/// answers anything that the kernel may answer, in any order. The clock moves when somebody waits and at no other time.
/// </summary>
internal sealed unsafe partial class SimulatedKernel : IDisposable
{
    /// <summary>What the engine may have in flight beyond its chunks; SpareCompletions of the kernel's ring is more.</summary>
    private const int MostCancels = 4;

    private readonly Scenario _scenario;
    private readonly SimulatedDisk[] _disks;
    private readonly Model _model;
    private readonly SeededRandom _random;
    private readonly Coverage _coverage;
    private readonly Verdict _verdict;
    private readonly Trace _trace;
    private readonly IoUringSqe* _entries;
    private readonly List<KernelOperation> _queue = [];
    private readonly List<KernelOperation> _live = [];
    private readonly Queue<(IoUringCqe Completion, KernelOperation? Operation)> _completions = new();
    private readonly PriorityQueue<Action, (long Time, long Order)> _events = new();
    private readonly List<ulong> _spent = [];
    private readonly HashSet<ulong> _known = [];
    private int _queued;
    private int _numbers;
    private long _order;
    private bool _woken;

    public SimulatedKernel(
        Scenario scenario, SimulatedDisk[] disks, Model model, SeededRandom random, Coverage coverage, Verdict verdict, Trace trace)
    {
        _scenario = scenario;
        _disks = disks;
        _model = model;
        _random = random;
        _coverage = coverage;
        _verdict = verdict;
        _trace = trace;
        _entries = (IoUringSqe*)NativeMemory.AllocZeroed((nuint)scenario.QueueLength, (nuint)sizeof(IoUringSqe));
    }

    public int Capacity => _scenario.Capacity;

    public long Now { get; private set; }

    public long EnterCount { get; private set; }

    public bool HasQueued => _queued > 0;

    public bool HasCompletions => _completions.Count > 0;

    /// <summary>Chunks' entries that the kernel has.</summary>
    public int Live => _live.Count(static operation => !operation.IsCancel);

    /// <summary>Completions posted of entries that had completed before.</summary>
    public long Stale { get; private set; }

    /// <summary>From now on nothing goes wrong and nothing that is taken starts until it is false again.</summary>
    public bool Holds { get; set; }

    public bool IsCalm { get; set; }

    /// <summary>Changes with everything that happens here; a loop that leaves it alone gets nowhere.</summary>
    public long Happened => _order;

    /// <summary>Has something happen later; an enter that waits returns after it.</summary>
    public void Schedule(long time, Action action) => At(time, () =>
    {
        _woken = true;
        action();
    });

    public int Room => _scenario.QueueLength - _queued;

    public IoUringSqe* TryNext()
    {
        NoteQueued();
        if (_queued == _scenario.QueueLength)
        {
            _coverage.Add(Covered.FullQueues);
            return null;
        }

        IoUringSqe* entry = &_entries[_queued++];

        // As a ring's places are: full of what was there before.
        new Span<byte>(entry, sizeof(IoUringSqe)).Fill(0xEE);
        return entry;
    }

    public void Enter(uint minComplete, long timeout)
    {
        NoteQueued();
        EnterCount++;
        if (IsRefused())
            return;
        int taking = _queued > 0 && Happens(_scenario.PartialSubmit) ? _random.Next(_queued) : _queued;
        bool all = taking == _queued;
        if (!all)
            _coverage.Add(Covered.PartialSubmits);
        TakeEntries(taking);
        if (minComplete == 0)
        {
            Run(Now);
            return;
        }

        // What was not handed over makes the kernel return at once, as completions do.
        if (!all || HasCompletions)
            return;
        if (Happens(_scenario.InterruptEnter))
        {
            _coverage.Add(Covered.EnterInterrupted);
            Run(Now + _random.Next(10_000));
            return;
        }

        if (_events.Count == 0 && timeout < 0)
            _verdict.Fail($"The engine waits for ever, with {_live.Count} entries in the kernel.");
        Run(timeout < 0 ? long.MaxValue : Now + timeout);
    }

    public int Take(Span<IoUringCqe> into)
    {
        _model.SettleFlushes();
        int count = 0;
        while (count < into.Length && _completions.TryDequeue(out (IoUringCqe Completion, KernelOperation? Operation) next))
        {
            into[count++] = next.Completion;
            if (next.Operation is { IsCancel: false } operation)
                _model.Completed(operation, next.Completion.res);
        }

        _model.SettleAbandoned();
        return count;
    }

    public void Dispose() => NativeMemory.Free(_entries);

    /// <summary>Looks at entries as soon as they are filled: from then on the engine counts them as the kernel's.</summary>
    public void NoteQueued()
    {
        for (int i = _queue.Count; i < _queued; i++)
        {
            KernelOperation operation = Note(_entries[i]);
            _queue.Add(operation);
            if (!operation.IsCancel)
                _trace.Write($"queued   {operation}");
        }
    }

    private KernelOperation Note(IoUringSqe entry)
    {
        KernelOperation operation = new() { Entry = WithDescriptor(entry), Number = _numbers++ };
        if (operation.IsCancel)
            return operation;
        if (!_known.Add(operation.Token))
            _verdict.Fail($"Entry #{operation.Number} has the user_data {operation.Token:x} of an earlier one: a late completion of that would pass for its own.");
        ReadEntry(operation);
        _model.Issued(operation);
        return operation;
    }

    private bool IsRefused()
    {
        if (!Happens(_scenario.RefuseEnter))
            return false;
        bool busy = HasCompletions && _random.OneIn(2);
        _coverage.Add(busy ? Covered.EnterBusy : Covered.EnterAgain);
        _trace.Write($"enter    refused, {_queued} entries stay queued");

        // As KernelRing does: lets completions come for a while and leaves the rest to the next enter.
        Run(Now + 1_000_000);
        return true;
    }

    private void TakeEntries(int count)
    {
        for (int i = 0; i < count; i++)
            Take(_queue[i]);
        _queue.RemoveRange(0, count);
        for (int i = count; i < _queued; i++)
            _entries[i - count] = _entries[i];
        _queued -= count;

        // The places are the engine's to write again; nothing here may depend on what they held.
        for (int i = _queued; i < _scenario.QueueLength; i++)
            NativeMemory.Fill(&_entries[i], (nuint)sizeof(IoUringSqe), 0xDD);
    }

    /// <summary>Lets things happen until there is something to return for, or the time is up.</summary>
    private void Run(long until)
    {
        _woken = false;
        while (_events.TryPeek(out _, out (long Time, long Order) next) && next.Time <= until)
        {
            // A few completions more in one go, sometimes.
            if ((HasCompletions && next.Time > Now && !_random.OneIn(3)) || _woken)
                return;
            Action action = _events.Dequeue();
            Now = Math.Max(Now, next.Time);
            _order++;
            action();
        }

        if (until != long.MaxValue && !HasCompletions)
            Now = Math.Max(Now, until);
    }

    private void At(long time, Action action) => _events.Enqueue(action, (time, _order++));

    private bool Happens(int percent) => !IsCalm && _random.Percent(percent);

    private void Post(KernelOperation operation, int result)
    {
        operation.Stage = OperationStage.Ended;
        _live.Remove(operation);
        _completions.Enqueue((new IoUringCqe { user_data = operation.Token, res = result }, operation));
        _trace.Write($"complete {operation}: {Describe(result)}");
        if (operation.IsCancel)
            return;
        _spent.Add(operation.Token);
        while (Happens(_scenario.Stale))
            PostStale();
    }

    /// <summary>What never should come: one more completion of an entry that has completed.</summary>
    private void PostStale()
    {
        ulong token = _random.Pick(_spent[^1], _spent[_random.Next(_spent.Count)]);
        int result = _random.Pick(-Errno.EIO, -Errno.EAGAIN, 0, 512, 4096, _random.Next(1 << 20));
        _completions.Enqueue((new IoUringCqe { user_data = token, res = result }, null));
        _trace.Write($"stale    user_data {token:x}: {Describe(result)}");
        _coverage.Add(Covered.StaleCompletions);
        Stale++;
    }

    private static string Describe(int result) => result < 0
        ? Errno.Name(-result)
        : result.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
