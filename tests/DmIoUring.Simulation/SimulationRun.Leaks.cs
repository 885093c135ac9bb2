using DmIoUring.Engine;
using DmIoUring.Simulation.Kernel;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Simulation;

/// <content>What must be left when all requests have ended: everything.</content>
internal sealed partial class SimulationRun
{
    private const int BouncePieces = 4;

    /// <summary>Every chunk place, and every piece of bounce memory, can be used at the same time: none was lost, none is there twice.</summary>
    private void CheckPlaces()
    {
        Drain();
        for (int i = 0; i < 64 && _kernel.HasQueued; i++)
            Turn(wait: false);
        FillPlaces(_scenario.Capacity, _workload.MakeFlush, "chunk places");
        if (Array.Find(_disks, static disk => disk.Traits is { MemoryAlignment: > 1, CompletesInCall: false }) is { } disk && _arena.Has(BouncePieces << 16))
            FillPlaces(Math.Min(BouncePieces, PlacesOf(disk)), () => _workload.MakeMisaligned(disk), "bounce pieces");
    }

    /// <summary>How many chunks one opening of a disk may have in flight at least.</summary>
    private int PlacesOf(SimulatedDisk disk) => _scenario.HoldsDevices
        ? Math.Min(disk.Traits.QueueDepth, Math.Max(1, _scenario.Capacity - (_scenario.Capacity / 4)))
        : _scenario.Capacity;

    private void FillPlaces(int count, Func<Checks.ModelRequest> make, string what)
    {
        _kernel.Holds = true;
        for (int i = 0; i < count; i++)
            Submit(make());
        for (int i = 0; i < 4 * (count + 1) && _kernel.Live < count; i++)
            Turn(wait: false);
        if (_kernel.Live < count)
            _verdict.Fail($"Only {_kernel.Live} of {count} {what} can be used at once after the run.");
        _kernel.Release();
        Drain();
    }

    private void CheckLeaks()
    {
        _engine.Dispatch();
        if (!_engine.IsIdle)
            _verdict.Fail($"Every request has ended and the engine is not idle.");
        if (_engine.Counters.Stale != _kernel.Stale)
            _verdict.Fail($"{_kernel.Stale} stale completions came and the engine counted {_engine.Counters.Stale}.");
        if (_engine.Counters.Requests != _submitted || _model.Ended != _submitted)
            _verdict.Fail($"{_submitted} requests were submitted, {_model.Ended} ended, and the engine counted {_engine.Counters.Requests}.");
        if (_reporter.Count != _thrown)
            _verdict.Fail($"{_thrown} callbacks threw and {_reporter.Count} were reported.");
        if (!_kernel.IsDark)
            _model.CheckDisks();
        CheckRequests();
        CheckPages();
        foreach (SimulatedDisk disk in _disks)
            disk.Close();
        _engine.Enter(0);
        if (_kernel.RegisteredFiles > 0)
            _verdict.Fail($"{_kernel.RegisteredFiles} devices are still known to the ring after they were disposed: it keeps them open.");
        foreach (SafeFileHandle file in _disks.SelectMany(static disk => disk.Files))
            CheckReferences(file);
        _arena.Check(_verdict);
    }

    /// <summary>Every request of the pool is at rest in it, once.</summary>
    private void CheckRequests()
    {
        int count = _requests.Count;
        if (count == 0)
            return;
        _requests.Reserve(count);
        HashSet<Request> found = [];
        while (found.Count <= count && _requests.TryTake(out Request? request))
        {
            if (!found.Add(request))
                _verdict.Fail($"A request is in the pool twice.");
        }

        if (found.Count != count)
            _verdict.Fail($"{found.Count} of {count} requests came back to the pool.");
    }

    private void CheckPages()
    {
        _holes.ForEach(static list => list.Dispose());
        if (_pages is null)
            return;
        if (_pages.Counters.Rented != 0)
            _verdict.Fail($"{_pages.Counters.Rented} pages were not returned.");
        _reservations.ForEach(static reservation => reservation.Dispose());
        if (_extents.Mapped != 0)
            _verdict.Fail($"{_extents.Mapped} extents are still mapped.");
    }

    /// <summary>The last reference is the test's own: after that is gone there is none to release.</summary>
    private void CheckReferences(SafeFileHandle file)
    {
        file.Dispose();
        try
        {
            file.DangerousRelease();
        }
        catch (ObjectDisposedException)
        {
            return;
        }

        _verdict.Fail($"A device is still referenced after the end of every request on it.");
    }
}
