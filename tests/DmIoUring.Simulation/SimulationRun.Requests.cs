using System.Runtime.CompilerServices;
using DmIoUring.Engine;
using DmIoUring.Simulation.Checks;
using DmIoUring.Simulation.Kernel;
using DmIoUring.Simulation.Memory;
using DmIoUring.Submission;

namespace DmIoUring.Simulation;

/// <content>How requests go in and come out.</content>
internal sealed partial class SimulationRun
{
    /// <summary>Memory that the largest request may take of the arena, a page for each of its pieces included.</summary>
    private const int MostArenaBytes = 6 << 20;

    private bool CanSubmit => _submitted < _scenario.Requests && (_arena.Has(MostArenaBytes) || GiveUp());

    private void Submit() => Submit(_workload.Make(hasPages: _pages is not null));

    private void Submit(ModelRequest model)
    {
        _submitted++;
        PageList copy = RentCopy(model);
        RequestKind kind = _scenario.IsPlain
            ? RequestKind.Callback
            : _random.Pick(RequestKind.Callback, RequestKind.Callback, RequestKind.Task, RequestKind.Sync);
        IoRegion[] regions = [.. model.Regions.Select(static region => region.Region)];
        IoBuffer buffer = model.Buffer?.Buffer ?? default;
        IoRequestOptions options = new(model.Flags, model.Priority, model.Report);
        RequestSpec spec = new(model.Operation, regions, buffer, options, (result, context) => EndInCallback((ModelRequest)context!, result), model);
        Admission.Check(spec);
        if (kind == RequestKind.Callback && !_random.OneIn(_scenario.IsPlain ? 5 : 2) && TryStart(model, spec))
        {
            Array.Clear(regions);
            return;
        }

        Request request = kind == RequestKind.Sync ? new Request(_reporter) : _requests.Take(mayWait: false);
        if (copy.Count > 0)
            request.TakeCopy(copy, spec.CopyRange().Start, spec.CopyRange().Length);
        request.Prepare(spec, _random.OneIn(2) ? _engine.Devices : null);
        UseCopy(model, copy);
        switch (kind)
        {
            case RequestKind.Callback:
                request.EndWith(spec.Notify!, model);
                break;
            case RequestKind.Task:
                Await(request, model);
                break;
            default:
                request.EndSync(sleeps: false);
                _polled.Add((request, model));
                break;
        }

        Array.Clear(regions);
        if (_trace.IsOn)
            Describe(model, kind);
        if (_scenario.TimeLimit > 0)
            model.Deadline = _kernel.Now + _scenario.TimeLimit;
        _model.Submit(model);
        if (model.IsStopAsked)
            Stop(model, IoFailureCause.Cancelled);
        if (!_isCalm && _scenario.ClosesDevices && _closing.OneIn(8))
            Close(model.Regions[0].Disk, model.Regions[0].Region.Device);
        _engine.Accept(request);
    }

    /// <summary>The fast path, where a request may take it.</summary>
    private bool TryStart(ModelRequest model, in RequestSpec spec)
    {
        if (_submission is null || !spec.Buffer.MayBeContiguous || !spec.Options.IsDefault || spec.Operation > IoOperation.Write)
            return false;

        // Known before its entries are: they are judged as they are queued.
        _model.Submit(model);
        if (!_submission.TrySubmitFast(spec))
        {
            // The owner's next request would take what it put at hand.
            _spares.EndCallback();
            return false;
        }

        if (_scenario.TimeLimit > 0)
            _verdict.Fail($"{model} has a time limit and took the fast path, where nobody counts its time.");
        _trace.Write($"fast {model}");
        _coverage.Add(Covered.FastStarts);
        return true;
    }

    private PageList RentCopy(ModelRequest model)
    {
        if ((model.Flags & IoFlags.StableCopy) == 0)
            return default;
        int pages = (model.Buffer!.Length + PageList.PageSize - 1) / PageList.PageSize;
        return _pages!.TryRent(pages, out PageList copy) ? copy : default;
    }

    /// <summary>With a copy the caller's memory is free at once: it is taken away here, before anything was issued.</summary>
    private void UseCopy(ModelRequest model, PageList copy)
    {
        if (copy.Count == 0)
            return;
        model.Copy = new SimulatedBuffer(IoBufferKind.Pages, _arena);
        model.Copy.AddPages(copy, 0);
        model.Buffer!.Retire(_verdict);
    }

    private void Await(Request request, ModelRequest model)
    {
        bool cancels = !_isCalm && _random.Percent(_scenario.Cancel);
        if (cancels)
        {
            model.Cancellation = new CancellationTokenSource();
            if (_random.OneIn(10))
                Cancel(model);
            else
                _kernel.Schedule(_kernel.Now + _random.NextLong(0, _random.Pick(100_000L, 1_000_000L, 100_000_000L)), () => Cancel(model));
        }

#pragma warning disable CA2012 // This is the await, spelled out so that it runs where the request ends.
        ConfiguredValueTaskAwaitable<IoResult>.ConfiguredValueTaskAwaiter awaiter = request
            .EndWithTask(inline: true, () => _lookForStops = true, model.Cancellation?.Token ?? default)
            .ConfigureAwait(false)
            .GetAwaiter();
        awaiter.UnsafeOnCompleted(() => End(model, awaiter.GetResult()));
#pragma warning restore CA2012
    }

    private void Cancel(ModelRequest model)
    {
        if (model.HasEnded)
            return;
        _trace.Write($"cancel   {model}");
        model.IsStopAsked = true;
        model.Cancellation!.Cancel();
    }

    private void EndInCallback(ModelRequest model, IoResult result)
    {
        End(model, result);
        if (_isCalm || !_random.OneIn(25))
            return;
        _thrown++;
        _coverage.Add(Covered.ThrowingCallbacks);
        throw new InvalidOperationException("A callback that throws.");
    }

    private void End(ModelRequest model, IoResult result)
    {
        _trace.Write($"end      {model}: {result}");
        _model.End(model, result);
        if (model.Regions.Exists(static region => region.Failures.Any(static failure => failure.Cause == IoFailureCause.RetriesExhausted)))
            _coverage.Add(Covered.RetriesExhausted);
        model.Cancellation?.Dispose();
        if (model.InKernel > 0)
            _coverage.Add(Covered.AbandonedRequests);
        model.Buffer?.Retire(_verdict);
        if (!_isCalm && _scenario.ClosesDevices && _closing.OneIn(2))
            CloseDevice();
        if (!_isCalm && CanSubmit && _random.OneIn(2))
        {
            _coverage.Add(Covered.Resubmissions);
            Submit();
        }
    }

    /// <summary>The sectors of a request are anybody's again.</summary>
    private void ReturnClaims(ModelRequest model)
    {
        foreach (ModelRegion region in model.Regions)
        {
            if (!region.IsRefused && model.Operation != IoOperation.Flush)
                _claims.Return(region.Disk, region.Region.Sector, region.Region.Count, model.Operation != IoOperation.Read);
        }
    }

    /// <summary>Disposes a device, perhaps under requests of its own: in a callback, as anybody may.</summary>
    private void CloseDevice()
    {
        SimulatedDisk disk = _disks[_closing.Next(_disks.Length)];
        int number = _closing.Next(4);
        if (!disk.IsOpen(number))
            return;
        Close(disk, disk.Open(number));
    }

    private void Close(SimulatedDisk disk, BlockDevice device)
    {
        bool isBusy = _model.Outstanding.Any(request => request.Regions.Exists(region => region.Region.Device == device));
        _trace.Write($"close    {device.Path} of disk {disk.Index}");
        _coverage.Add(isBusy ? Covered.DevicesClosedInFlight : Covered.DevicesClosedIdle);
        device.Dispose();

        // Its doubt ends with the last opening.
        if (!disk.HasOpenings)
            _model.Acknowledge(disk);
    }

    /// <summary>No memory is left for more buffers: the run is long enough.</summary>
    private bool GiveUp()
    {
        _scenario.Requests = _submitted;
        return false;
    }

    private void Describe(ModelRequest model, RequestKind kind)
    {
        _trace.Write($"submit   {model}, {kind}");
        foreach (ModelRegion region in model.Regions)
            _trace.Write($"           {region}, buffer offset {region.Region.BufferOffset}{(region.IsRefused ? ", to be refused" : "")}");
    }
}
