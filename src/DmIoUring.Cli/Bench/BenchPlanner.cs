using DmIoUring.Cli.Devices;

namespace DmIoUring.Cli.Bench;

/// <summary>Every check of a run, before anything is written.</summary>
internal sealed class BenchPlanner : Planner
{
    private readonly BenchRequest _request;
    private readonly Func<BenchRun, BenchLoad> _makeLoad;

    private BenchPlanner(BenchRequest request, Func<BenchRun, BenchLoad> makeLoad)
    {
        _request = request;
        _makeLoad = makeLoad;
    }

    /// <summary>The plan, or why there is none.</summary>
    /// <param name="request">What the user asked for.</param>
    /// <param name="makeLoad">Makes what keeps the queues full.</param>
    /// <param name="refusals">Why there is no plan.</param>
    /// <exception cref="IoUringUnavailableException">The host refuses the ring that was asked for.</exception>
    public static BenchPlan? Make(BenchRequest request, Func<BenchRun, BenchLoad> makeLoad, out IReadOnlyList<Refusal> refusals)
    {
        BenchPlanner planner = new(request, makeLoad);
        return planner.Make(planner.Run, out refusals);
    }

    /// <summary>This library's loads.</summary>
    public static BenchLoad MakeLoad(BenchRun run) => run.Request switch
    {
        { Driver: BenchDriver.Sync } => new SyncLoad(run),
        { Driver: BenchDriver.Reactor } => new ReactorLoad(run),
        { Submit: BenchSubmit.Thread } => new LaneThreadLoad(run),
        { Completion: BenchCompletion.Await or BenchCompletion.Inline } => new LaneAwaitLoad(run),
        _ => new LaneCallbackLoad(run),
    };

    private BenchPlan? Run()
    {
        foreach (Refusal refusal in BenchRules.Check(_request))
            Refuse(refusal.Path, refusal.Reason, refusal.Advice);
        List<PathFacts> all = [.. _request.Paths.Select(Look).OfType<PathFacts>()];
        foreach (PathFacts facts in all)
            RefuseUnfit(facts, overwrites: _request.Writes && !_request.Destroy, "Name a block device or a regular file.");
        foreach (PathFacts facts in all.Where(_ => _request.Writes && !_request.Force))
            RefuseUsed(facts);
        RefuseTwins(all);
        if (HasRefused)
            return null;

        List<DeviceFile> files = [.. all.Select(facts => Try(() => OpenChecked(facts))).OfType<DeviceFile>()];
        if (HasRefused)
            return null;

        // Not before every other check has passed.
        foreach (DeviceFile file in files.Where(file => file.Device.Size == 0))
            Extend(file, _request.Size!.Value);
        if (HasRefused)
            return null;
        List<BlockDevice> devices = [.. files.Select(file => file.Device)];
        BenchRun run = new(_request, _request.PerDevice ? [.. devices.Select((device, number) => TargetOf([device], number))] : [TargetOf(devices, number: 0)]);
        return Try(() => new BenchPlan { Run = run, Load = MakeCheckedLoad(run), Notes = Notes });
    }

    private BenchTarget TargetOf(IReadOnlyList<BlockDevice> devices, int number)
    {
        long bytes = _request.Size ?? devices.Min(static device => device.Size);
        return new BenchTarget(devices, _request.BlockBytes / IoRegion.SectorSize, bytes / _request.BlockBytes, number);
    }

    private DeviceFile OpenChecked(PathFacts facts)
    {
        DeviceFile file = _request.Writes
            ? Open(facts, DeviceAccess.ReadWrite, exclusive: !_request.Force)
            : Open(facts, DeviceAccess.Read, exclusive: false);
        int block = file.Device.LogicalBlockSize;
        if (_request.Writes)
            ThrowIfReadOnly(file);
        if (_request.BlockBytes % block != 0)
        {
            throw new RefusedException(
                facts.Path, $"is read and written in blocks of {block} bytes, and --bs {_request.BlockBytes} is no multiple of that",
                $"Pass --bs {(_request.BlockBytes / block + 1) * block}, or leave it out.");
        }

        CheckSize(file);
        return file;
    }

    private void CheckSize(DeviceFile file)
    {
        BlockDevice device = file.Device;
        if (_request.Writes && !device.IsBlockDevice && device.Size == 0)
        {
            if (_request.Size is null)
                throw new RefusedException(file.Path, "is empty, and a write never makes a file longer", "Pass --size, and it gets that size first.");
            return;
        }

        if (device.Size < _request.BlockBytes)
        {
            throw new RefusedException(
                file.Path, $"has {Quantity.Exact(device.Size)}, less than one block of --bs {_request.BlockBytes}", "Name a larger one, or pass a smaller --bs.");
        }

        if (device.Size < _request.Size)
        {
            throw new RefusedException(
                file.Path, $"has {Quantity.Exact(device.Size)}, less than --size {_request.Size}", $"Pass --size {device.Size} or less, or leave it out.");
        }
    }

    private BenchLoad MakeCheckedLoad(BenchRun run)
    {
        try
        {
            return _makeLoad(run);
        }
        catch (OutOfMemoryException exception)
        {
            throw new RefusedException("", $"no memory for the buffers: {exception.Message}", "Lower --bs, --iodepth or --numjobs.");
        }
        catch (ArgumentOutOfRangeException exception) when (exception.ParamName is nameof(DmIoOptions.LaneProcessors) or nameof(IoDriverOptions.SubmissionProcessor))
        {
            throw new RefusedException(
                "", $"this process can't use processor {exception.ActualValue}", "Pass --cpus and --sqpoll-cpu processors that nproc counts, from 0.");
        }
    }
}
