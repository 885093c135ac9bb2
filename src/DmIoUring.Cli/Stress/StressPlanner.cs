using System.Security.Cryptography;
using DmIoUring.Cli.Devices;
using DmIoUring.ScratchDevices;

namespace DmIoUring.Cli.Stress;

/// <summary>Every check of a run, before anything is written.</summary>
internal sealed class StressPlanner : Planner
{
    private const int MostInMemory = 32 << 20;

    private readonly StressRequest _request;
    private string? _whyNoLoop;
    private string? _whyNoFaultyMedium;

    private StressPlanner(StressRequest request) => _request = request;

    /// <summary>The plan, or why there is none.</summary>
    public static StressPlan? Make(StressRequest request, out IReadOnlyList<Refusal> refusals)
    {
        StressPlanner planner = new(request);
        return planner.Make(planner.Run, out refusals);
    }

    private StressPlan? Run()
    {
        StressClients? clients = Try(() => Start(static () => new StressClients()));
        List<(BlockDevice Device, OwnDevice? Own)>? devices = clients is null ? null
            : _request.Paths.Count == 0 ? Try(MakeDevices) : OpenDevices();
        if (devices is null || HasRefused)
            return null;

        // Mirrors lie on the same sectors of all legs, so that all are used in units of the largest block.
        int unit = devices.Max(device => device.Device.LogicalBlockSize);
        return new StressPlan
        {
            Request = _request,
            Seed = _request.Seed ?? BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint))),
            Clients = clients!,
            Notes = Notes,
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
        try
        {
            _whyNoLoop = _request.PlainFiles ? "as asked" : LoopDevice.WhyUnavailable();
            if (_request.Faults && _whyNoLoop is not null)
                throw new RefusedException("", $"--faults breaks loop devices, and there are none: {_whyNoLoop}", "Run as root, on a host with the loop module.");
            List<OwnDevice> own = [];
            for (int blockSize = 512; blockSize <= 4096; blockSize += 4096 - 512)
                own.Add(Keep(_whyNoLoop is null ? OwnDevice.Loop(_request.Size, blockSize) : OwnDevice.File(_request.Size)));
            own.Add(Keep(OwnDevice.File(_request.Size)));
            _whyNoFaultyMedium = _request.Faults ? FaultFile.WhyUnavailable() : null;
            if (_request.Faults && _whyNoFaultyMedium is null)
                own.Add(Keep(OwnDevice.FaultyLoop(Math.Min(_request.Size, MostInMemory), blockSize: 512)));
            return [.. own.Select(device => (Open(PathFacts.Of(device.Path)).Device, (OwnDevice?)device))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            // The last is what .NET makes of EFBIG.
            throw new RefusedException(
                "", $"no devices can be made: {exception.Message}", "Check the folder of temporary files (TMPDIR) and the limit of a file's size (ulimit -f).");
        }
    }

    private List<(BlockDevice Device, OwnDevice? Own)>? OpenDevices()
    {
        if (_request.Faults)
            Refuse("", "--faults breaks devices that it makes itself, and paths are named", "Leave the paths out, or --faults.");
        if (_request.Paths.Count > IoRegion.MaxRegions)
            Refuse("", $"{_request.Paths.Count} devices; one write goes to at most {IoRegion.MaxRegions}", "Name fewer.");
        List<PathFacts> all = [.. _request.Paths.Select(Look).OfType<PathFacts>()];
        foreach (PathFacts facts in all)
            RefuseUnfit(facts, overwrites: !_request.Destroy, "Name block devices or regular files, or nothing for devices of its own.");
        foreach (PathFacts facts in all.Where(_ => !_request.Force))
            RefuseUsed(facts);
        RefuseTwins(all);
        if (HasRefused)
            return null;
        List<DeviceFile?> files = [.. all.Select(facts => Try(() => OpenChecked(facts)))];
        if (HasRefused)
            return null;

        // Not before every other check has passed.
        foreach (DeviceFile file in files.OfType<DeviceFile>().Where(file => file.Device.Size == 0))
            Extend(file, _request.Size);
        return [.. files.Select(file => (file!.Device, (OwnDevice?)null))];
    }

    private DeviceFile OpenChecked(PathFacts facts)
    {
        DeviceFile file = Open(facts);
        BlockDevice device = file.Device;
        ThrowIfReadOnly(file);
        bool isEmptyFile = !device.IsBlockDevice && device.Size == 0;
        if (device.Size < StressRequest.LeastSize && !isEmptyFile)
            throw new RefusedException(facts.Path, $"has {Quantity.Exact(device.Size)}; at least {Quantity.Bytes(StressRequest.LeastSize)} are needed", "Name a larger one.");
        return file;
    }

    private DeviceFile Open(PathFacts facts) => Open(facts, DeviceAccess.ReadWrite, exclusive: !_request.Force);
}
