using System.Security.Cryptography;
using DmIoUring.Cli.Devices;
using DmIoUring.ScratchDevices;

namespace DmIoUring.Cli.Stress;

/// <summary>Every check of a run, before anything is written.</summary>
internal sealed class StressPlanner
{
    private const int MostInMemory = 32 << 20;

    private readonly StressRequest _request;
    private readonly List<Refusal> _refusals = [];
    private readonly List<IDisposable> _opened = [];
    private string? _whyNoLoop;
    private string? _whyNoFaultyMedium;

    private StressPlanner(StressRequest request) => _request = request;

    /// <summary>The plan, or why there is none.</summary>
    public static StressPlan? Make(StressRequest request, out IReadOnlyList<Refusal> refusals)
    {
        StressPlanner planner = new(request);
        refusals = planner._refusals;
        StressPlan? plan = null;
        try
        {
            plan = planner.Run();
        }
        finally
        {
            if (plan is null)
            {
                foreach (IDisposable opened in planner._opened)
                    opened.Dispose();
            }
        }

        return plan;
    }

    private StressPlan? Run()
    {
        StressClients? clients = Try(StartClients);
        List<(BlockDevice Device, OwnDevice? Own)>? devices = clients is null ? null
            : _request.Paths.Count == 0 ? Try(MakeDevices) : OpenDevices();
        if (devices is null || _refusals.Count > 0)
            return null;

        // Mirrors lie on the same sectors of all legs, so that all are used in units of the largest block.
        int unit = devices.Max(device => device.Device.LogicalBlockSize);
        return new StressPlan
        {
            Request = _request,
            Seed = _request.Seed ?? BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint))),
            Clients = clients!,
            WhyNoLoopDevices = _whyNoLoop,
            WhyNoFaultyMedium = _whyNoFaultyMedium,
            Legs = [.. devices.Select((device, index) => new StressLeg(index, device.Device, Shape(device.Device, unit), device.Own))],
        };
    }

    private LegShape Shape(BlockDevice device, int unit)
    {
        long bytes = Math.Min(device.Size, _request.Size) / unit * unit;
        return new LegShape(bytes / IoRegion.SectorSize, device.LogicalBlockSize / IoRegion.SectorSize);
    }

    private List<(BlockDevice Device, OwnDevice? Own)> MakeDevices()
    {
        _whyNoLoop = _request.PlainFiles ? "as asked" : LoopDevice.WhyUnavailable();
        if (_request.Faults && _whyNoLoop is not null)
            throw new RefusedException("", $"--faults breaks loop devices, and there are none: {_whyNoLoop}", "Run as root, on a host with the loop module.");
        try
        {
            List<OwnDevice> own = [];
            for (int blockSize = 512; blockSize <= 4096; blockSize += 4096 - 512)
                own.Add(Keep(_whyNoLoop is null ? OwnDevice.Loop(_request.Size, blockSize) : OwnDevice.File(_request.Size)));
            own.Add(Keep(OwnDevice.File(_request.Size)));
            _whyNoFaultyMedium = _request.Faults ? FaultFile.WhyUnavailable() : null;
            if (_request.Faults && _whyNoFaultyMedium is null)
                own.Add(Keep(OwnDevice.FaultyLoop(Math.Min(_request.Size, MostInMemory), blockSize: 512)));
            return [.. own.Select(device => (Open(PathFacts.Of(device.Path)), (OwnDevice?)device))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException("", $"no devices can be made: {exception.Message}", "Check the folder of temporary files (TMPDIR).");
        }
    }

    private List<(BlockDevice Device, OwnDevice? Own)>? OpenDevices()
    {
        if (_request.Faults)
            Refuse("", "--faults breaks devices that it makes itself, and paths are named", "Leave the paths out, or --faults.");
        if (_request.Paths.Count > IoRegion.MaxRegions)
            Refuse("", $"{_request.Paths.Count} devices; one write goes to at most {IoRegion.MaxRegions}", "Name fewer.");
        List<PathFacts> all = [.. _request.Paths.Select(path => Try(() => PathFacts.Of(path))).OfType<PathFacts>()];
        foreach (PathFacts facts in all)
            Check(facts);
        for (int index = 0; index < all.Count; index++)
        {
            if (all.Take(index).FirstOrDefault(other => other.Overlaps(all[index])) is { } twin)
                Refuse(all[index].Path, $"is the same as {twin.Path}, or on the same disk as a part or the whole of it ({all[index].Identity})", "Name each device once.");
        }

        if (_refusals.Count > 0)
            return null;
        List<BlockDevice?> devices = [.. all.Select(facts => Try(() => OpenChecked(facts)))];
        if (_refusals.Count > 0)
            return null;

        // Not before every other check has passed.
        foreach (BlockDevice device in devices.OfType<BlockDevice>().Where(device => device.Size == 0))
            Extend(device);
        return [.. devices.Select(device => (device!, (OwnDevice?)null))];
    }

    private void Check(PathFacts facts)
    {
        if (facts.Kind == PathKind.Missing)
            Refuse(facts.Path, "does not exist", "Name block devices or regular files, or nothing for devices of its own.");
        else if (!facts.CanHoldData)
            Refuse(facts.Path, $"is {facts.KindInWords}", "Name block devices or regular files, or nothing for devices of its own.");
        else if (!_request.Destroy && (facts.Kind == PathKind.BlockDevice || new FileInfo(facts.Path).Length > 0))
            Refuse(facts.Path, "would be overwritten: everything on it would be lost", "If that is what you want: --destroy.");
    }

    private BlockDevice OpenChecked(PathFacts facts)
    {
        BlockDevice device = Open(facts);
        if (device.IsReadOnly)
            throw new RefusedException(facts.Path, "is read-only", "Make it writable (blockdev --setrw), or name another device.");
        bool isEmptyFile = !device.IsBlockDevice && device.Size == 0;
        if (device.Size < StressRequest.LeastSize && !isEmptyFile)
            throw new RefusedException(facts.Path, $"has {Quantity.Exact(device.Size)}; at least {Quantity.Bytes(StressRequest.LeastSize)} are needed", "Name a larger one.");
        return device;
    }

    private void Extend(BlockDevice device)
    {
        try
        {
            using (FileStream stream = new(device.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                stream.SetLength(_request.Size);
            device.Refresh();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Refuse(device.Path, "can't be extended: " + exception.Message, "Check its folder's free space.");
        }
    }

    private BlockDevice Open(PathFacts facts) => Keep(DeviceOpener.Open(facts, DeviceAccess.ReadWrite, exclusive: !_request.Force));

    private StressClients StartClients()
    {
        try
        {
            return Keep(new StressClients());
        }
        catch (IoUringUnavailableException exception)
        {
            throw new RefusedException("", exception.Message, "");
        }
        catch (OutOfMemoryException exception)
        {
            throw new RefusedException("", exception.Message, "");
        }
    }

    private T Keep<T>(T opened)
        where T : IDisposable
    {
        _opened.Add(opened);
        return opened;
    }

    private T? Try<T>(Func<T> step)
        where T : class
    {
        try
        {
            return step();
        }
        catch (RefusedException exception)
        {
            _refusals.Add(exception.Refusal);
            return null;
        }
    }

    private void Refuse(string path, string reason, string advice) => _refusals.Add(new Refusal(path, reason, advice));
}
