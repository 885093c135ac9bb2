using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Simulation.Checks;
using DmIoUring.Simulation.Kernel;
using DmIoUring.Simulation.Memory;
using DmIoUring.Submission;

namespace DmIoUring.Simulation;

/// <summary>One seed from the first request to the last check.</summary>
internal sealed partial class SimulationRun : IDisposable
{
    /// <summary>Far beyond what any run needs; an engine that gets nowhere is told from one that is slow.</summary>
    private const int MostIdleTurns = 10_000;

    private const int MostReserveChanges = 24;

    private readonly Scenario _scenario;
    private readonly SeededRandom _random;

    /// <summary>Of its own, so that the seeds without it are what they were.</summary>
    private readonly SeededRandom _closing;
    private readonly Verdict _verdict;
    private readonly Coverage _coverage;
    private readonly Trace _trace;
    private readonly Arena _arena;
    private readonly SimulatedDisk[] _disks;
    private readonly SimulatedExtents _extents = new();
    private readonly PagePool? _pages;
    private readonly Model _model;
    private readonly SimulatedKernel _kernel;
    private readonly Claims _claims;
    private readonly Workload _workload;
    private readonly CallbackReporter _reporter = new(static _ => { });
    private readonly RequestPool _requests;
    private readonly RequestFreeList _spares;
    private readonly IoEngine<SimulatedRing> _engine;

    /// <summary>The fast path; null where the engine holds no devices, and so has none.</summary>
    private readonly OwnerSubmission? _submission;
    private readonly List<PageReservation> _reservations = [];
    private readonly List<(Request Request, ModelRequest Model)> _polled = [];
    private int _submitted;
    private int _thrown;
    private bool _lookForStops;
    private readonly List<PageList> _holes = [];
    private int _idle;
    private int _reserveChanges;
    private bool _isCalm;

    private SimulationRun(ulong seed, Arena arena, Coverage coverage, Trace trace)
    {
        _random = new SeededRandom(seed);
        _closing = new SeededRandom(~seed);
        _scenario = new Scenario(_random.Branch());
        _verdict = new Verdict(trace);
        _coverage = coverage;
        _trace = trace;
        _arena = arena;
        arena.Clear();
        _disks = [.. Enumerable.Range(0, _scenario.Disks).Select(index => new SimulatedDisk(index, _scenario, _random.Branch()))];
        _pages = _scenario.Pages > 0 ? new PagePool(_extents) : null;
        if (_pages is not null)
            _reservations.Add(_pages.Reserve(_scenario.Pages));
        _model = new Model(_disks, _verdict) { IsCallersMemory = address => arena.Contains(address) || _extents.MappingAt(address) != 0 };
        _kernel = new SimulatedKernel(_scenario, _disks, _model, _random.Branch(), coverage, _verdict, trace) { MappingAt = _extents.MappingAt };
        if (_pages is not null && _scenario.SharesRegistrations)
        {
            _kernel.Shared = new SimulatedBufferTable(_extents.MappingAt);
            _pages.ShareRegistrations(_kernel.Shared);
        }

        trace.Clock = () => _kernel.Now;
        _claims = new Claims(_disks);
        _model.Settled = ReturnClaims;
        BufferMaker buffers = new(arena, _pages, _random.Branch());
        _workload = new Workload(_scenario, _disks, _model, _claims, buffers, _random.Branch(), _verdict, coverage);
        _requests = new RequestPool(_reporter);
        _spares = new RequestFreeList(_requests, keepsAll: false);
        _engine = new IoEngine<SimulatedRing>(new SimulatedRing(_kernel), new EngineSettings
        {
            ChunkBytes = _scenario.ChunkBytes,
            TimeLimit = _scenario.TimeLimit,
            Pool = _pages,
            HoldsDevices = _scenario.HoldsDevices,
            RegistersFiles = _scenario.HoldsDevices,
            FreeRequests = _spares,
        });
        if (_scenario.HoldsDevices)
            _submission = new OwnerSubmission(_engine, _pages ?? new PagePool(), _scenario.ChunkBytes);

        // An owner lets go of devices that its own callbacks dispose at once; without one that is left to the next turn.
        if (_closing.OneIn(2))
            _engine.Enable(register: false);
    }

    public static RunResult Execute(ulong seed, Arena arena, Coverage coverage, TextWriter? steps = null)
    {
        using SimulationRun run = new(seed, arena, coverage, new Trace(steps));
        try
        {
            run.Go();
            return new RunResult(seed, null);
        }
        catch (ViolationException violation)
        {
            return new RunResult(seed, violation.Message);
        }
#pragma warning disable CA1031 // An engine with a bug throws anything; that is a finding like any other.
        catch (Exception exception) when (!IsOfTheBuild(exception))
#pragma warning restore CA1031
        {
            // An exception that came out of an engine that had gone wrong before is not the finding.
            string what = run._verdict.Violation ?? $"The engine threw {exception.GetType().Name}: {exception.Message}";
            if (run._trace.IsOn)
                run._trace.Write(exception.ToString());
            return new RunResult(seed, what);
        }
    }

    /// <summary>An assembly or a member that is missing is nobody's finding: the program ends.</summary>
    private static bool IsOfTheBuild(Exception exception) => (exception is TypeInitializationException { InnerException: { } cause } ? cause : exception)
        is FileNotFoundException or FileLoadException or BadImageFormatException or TypeLoadException or MissingMemberException;

    public void Dispose()
    {
        foreach (ModelRequest left in _model.Outstanding)
            left.Buffer?.Abandon();
        _engine.Dispose();
        _pages?.Dispose();
        _extents.Dispose();
        _kernel.Dispose();
    }

    private void Go()
    {
        if (_trace.IsOn)
        {
            _trace.Write(_scenario.ToString());
            foreach (SimulatedDisk disk in _disks)
                _trace.Write($"disk {disk.Index}: {disk.Traits}");
        }

        ScattersPages();
        if (_scenario.PowerCut > 0)
            _kernel.Schedule(_scenario.PowerCut, CutPower);
        if (_scenario.ChangesReserve)
            _kernel.Schedule(_random.NextLong(0, 1_000_000), ChangeReserve);
        while (_submitted < _scenario.Requests || HasSomething)
        {
            while (_model.Outstanding.Count < _scenario.Concurrency && CanSubmit && !_random.OneIn(4))
                Submit();
            Turn(wait: !_random.OneIn(8));
        }

        _isCalm = true;
        _kernel.IsCalm = true;
        _coverage.Add(Covered.JoinedFlushes, _engine.Counters.JoinedFlushes);
        AcknowledgeDoubts();
        CheckPlaces();
        CheckLeaks();
    }

    private void Drain()
    {
        while (HasSomething)
            Turn(wait: true);
    }

    /// <summary>A flush may be with the kernel whose requests have ended.</summary>
    private bool HasSomething => _model.Outstanding.Count + _model.Abandoned.Count + _kernel.Live > 0;

    private void Turn(bool wait)
    {
        long happened = _kernel.Happened;
        AcknowledgeDoubts();
        Stop();
        ModelRequest[] due = [.. _model.Outstanding.Where(static request => request.MayBeAbandoned)];
        _engine.Turn(wait);
        _kernel.NoteQueued();
        for (int i = _polled.Count - 1; i >= 0; i--)
        {
            (Request request, ModelRequest model) = _polled[i];
            if (!request.IsDone)
                continue;
            _polled.RemoveAt(i);
            End(model, request.Result);
        }

        if (Array.Find(due, static request => !request.HasEnded) is { } late)
            _verdict.Fail($"{late} was stopped ({late.StopCause}), has a copy of its own, and has not ended in the turn after.");
        _verdict.ThrowIfFailed();
        _idle = happened == _kernel.Happened ? _idle + 1 : 0;
        if (_idle > MostIdleTurns)
            _verdict.Fail($"The engine turns and nothing happens; {_model.Outstanding.Count} requests are under way.");
    }

    /// <summary>The embedder deals with doubts, sooner or later; when all is calm, at once.</summary>
    private void AcknowledgeDoubts()
    {
        foreach (SimulatedDisk disk in _disks)
        {
            if ((!_isCalm && !_closing.OneIn(6)) || !disk.Acknowledge())
                continue;
            _coverage.Add(Covered.AcknowledgedDoubts);
            _trace.Write($"doubt    of disk {disk.Index} acknowledged");
            _model.Acknowledge(disk);
        }
    }

    /// <summary>Stops requests when the engine does: those that were asked for, then those out of time.</summary>
    private void Stop()
    {
        _kernel.NoteQueued();
        if (_lookForStops)
        {
            _lookForStops = false;
            _engine.StopCancelledRequests();
            foreach (ModelRequest request in _model.Outstanding)
            {
                if (request.IsStopAsked)
                    Stop(request, IoFailureCause.Cancelled);
            }
        }

        foreach (ModelRequest request in _model.Outstanding)
        {
            if (request.Deadline > 0 && request.Deadline <= _kernel.Now)
                Stop(request, IoFailureCause.TimedOut);
        }
    }

    private void Stop(ModelRequest request, IoFailureCause cause)
    {
        if (request.StopCause != IoFailureCause.None)
            return;
        _coverage.Add(cause == IoFailureCause.TimedOut ? Covered.TimedOutRequests : Covered.CancelledRequests);
        _trace.Write($"stop     {request}: {cause}");
        request.Stop(cause);
    }

    private void CutPower()
    {
        if (_isCalm)
            return;
        _kernel.CutPower();
        _model.CheckSurvivors();
    }

    /// <summary>dm_io_get and dm_io_put while requests are under way: extents come and go, and registrations with them.</summary>
    private void ChangeReserve()
    {
        if (_isCalm || ++_reserveChanges > MostReserveChanges)
            return;
        if (_random.OneIn(3))
        {
            ReplaceReserve();
        }
        else if (_reservations.Count > 0 && _random.OneIn(2))
        {
            int index = _random.Next(_reservations.Count);
            _reservations[index].Dispose();
            _reservations.RemoveAt(index);
        }
        else
        {
            _reservations.Add(_pages!.Reserve(_random.Pick(16, 32, 64)));
        }

        _trace.Write($"reserve  {_reservations.Count} reservations");
        _kernel.Schedule(_kernel.Now + _random.NextLong(0, 300_000), ChangeReserve);
    }

    /// <summary>All of it goes and comes back between two looks of the engine, at the same addresses where no page was rented.</summary>
    private void ReplaceReserve()
    {
        long pages = _reservations.Sum(static reservation => reservation.Pages);
        _reservations.ForEach(static reservation => reservation.Dispose());
        _reservations.Clear();
        if (pages > 0)
            _reservations.Add(_pages!.Reserve(pages));
    }

    /// <summary>Makes holes in the pool, so that lists of pages are in pieces.</summary>
    private void ScattersPages()
    {
        if (_pages is null || _random.OneIn(2))
            return;
        for (int i = _random.Next(_scenario.Pages / 2); i > 0; i--)
        {
            if (_pages.TryRent(_random.Next(1, 3), out PageList list))
                _holes.Add(list);
        }

        for (int i = _holes.Count - 1; i >= 0; i -= 2)
        {
            _holes[i].Dispose();
            _holes.RemoveAt(i);
        }
    }
}
