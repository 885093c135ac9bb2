using DmIoUring.Cli.Devices;

namespace DmIoUring.Cli.Copy;

/// <summary>Every check of a copy, before anything is written. What can be told at once is told at once.</summary>
internal sealed class CopyPlanner : Planner
{
    private const long MaxMemory = 4L << 30;

    private readonly CopyRequest _request;
    private readonly List<string> _created = [];

    private CopyPlanner(CopyRequest request) => _request = request;

    /// <summary>The plan, or why there is none.</summary>
    public static CopyPlan? Make(CopyRequest request, out IReadOnlyList<Refusal> refusals)
    {
        CopyPlanner planner = new(request);
        return planner.Make(planner.Run, out refusals);
    }

    private CopyPlan? Run()
    {
        if (_request.Destinations.Count > IoRegion.MaxRegions)
        {
            Refuse("", $"{_request.Destinations.Count} destinations; one write goes to at most {IoRegion.MaxRegions}",
                "Copy to the first 64, then to the others.");
            return null;
        }

        long memory = (long)_request.BlockBytes * _request.Depth;
        if (memory > MaxMemory)
        {
            Refuse("", $"--block-size {_request.BlockBytes} times --depth {_request.Depth} is {Quantity.Bytes(memory)} of memory; {Quantity.Bytes(MaxMemory)} are allowed",
                "Lower one of them.");
            return null;
        }

        PathFacts? source = Look(_request.Source);
        List<PathFacts?> destinations = [.. _request.Destinations.Select(Look)];
        CheckSource(source);
        CheckDestinations(destinations);
        CheckOverlaps(source, destinations);
        if (HasRefused)
            return null;

        BlockDevice? sourceDevice = Try(() => Open(source!, DeviceAccess.Read));
        List<BlockDevice?> devices = [.. destinations.Select(facts =>
            facts!.Kind == PathKind.Missing ? null : Try(() => Open(facts, DeviceAccess.ReadWrite)))];
        if (sourceDevice is null)
            return null;
        CheckSize(sourceDevice);
        foreach (BlockDevice device in devices.OfType<BlockDevice>())
            CheckFit(sourceDevice, device);
        DmIoClient? client = Try(StartClient);
        if (HasRefused)
            return null;

        for (int index = 0; index < devices.Count; index++)
            devices[index] ??= Try(() => CreateFile(destinations[index]!, sourceDevice));
        if (HasRefused)
            return null;
        List<CopyDestination?> ready = [.. devices.Select((device, index) =>
            Try(() => Ready(device!, destinations[index]!.Kind == PathKind.Missing)))];
        return HasRefused ? null : new CopyPlan
        {
            Request = _request,
            Client = client!,
            Source = sourceDevice,
            Destinations = [.. ready.Select(destination => destination!)],
        };
    }

    private void CheckSource(PathFacts? source)
    {
        if (source?.Kind == PathKind.Missing)
            Refuse(source.Path, "does not exist", "Name a block device or a regular file to copy from.");
        else if (source?.CanHoldData == false)
            Refuse(source.Path, $"is {source.KindInWords}", "Name a block device or a regular file to copy from.");
    }

    private void CheckDestinations(List<PathFacts?> destinations)
    {
        foreach (PathFacts destination in destinations.OfType<PathFacts>())
        {
            if (destination.Kind == PathKind.Missing)
                CheckCanBeCreated(destination.Path);
            else if (!destination.CanHoldData)
                Refuse(destination.Path, $"is {destination.KindInWords}", "Name a block device, a regular file, or a file to be created.");
        }
    }

    private void CheckCanBeCreated(string path)
    {
        // A link that leads nowhere would be followed to a place that was never checked.
        if (new FileInfo(path).LinkTarget is { } target)
        {
            Refuse(path, $"is a symbolic link to {target}, which does not exist", "Name the file itself.");
            return;
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        string real = RealPath.Of(folder);
        if (!Directory.Exists(folder))
            Refuse(path, $"does not exist, and neither does its folder {folder}", "Create the folder first, or check the path.");
        else if (real is "/dev" || real.StartsWith("/dev/", StringComparison.Ordinal))
            Refuse(path, "does not exist, and no file is created under /dev", "Check the device's name (lsblk lists them).");
    }

    private void CheckOverlaps(PathFacts? source, List<PathFacts?> destinations)
    {
        for (int index = 0; index < destinations.Count; index++)
        {
            if (destinations[index] is not { } destination)
                continue;
            if (source?.Overlaps(destination) == true)
                Refuse(destination.Path, $"is {HowTheyOverlap(source, destination)} the source {source.Path} ({destination.Identity})", "Name another destination.");
            if (destinations.Take(index).FirstOrDefault(other => other?.Overlaps(destination) == true) is { } twin)
                Refuse(destination.Path, $"is {HowTheyOverlap(twin, destination)} destination {twin.Path} ({destination.Identity})", "Name each destination once.");
        }
    }

    private static string HowTheyOverlap(PathFacts first, PathFacts second) =>
        string.Equals(first.Identity, second.Identity, StringComparison.Ordinal) ? "the same as" : "on the same disk, as a part or the whole of it, as";

    private void CheckSize(BlockDevice source)
    {
        if (source.Size == 0)
            Refuse(source.Path, "is empty: there is nothing to copy", "");
        CheckAlignment(source, source);
    }

    private void CheckFit(BlockDevice source, BlockDevice destination)
    {
        if (destination.IsReadOnly)
            Refuse(destination.Path, "is read-only", "Make it writable (blockdev --setrw), or name another destination.");
        if (destination.Size < source.Size)
        {
            Refuse(destination.Path,
                $"has {Quantity.Exact(destination.Size)}, {Quantity.Exact(source.Size - destination.Size)} less than the source {source.Path} with {Quantity.Exact(source.Size)}",
                destination.IsBlockDevice ? "Name a device that is as large as the source." : "Extend it (truncate -s), or remove it and it will be created.");
        }

        CheckAlignment(source, destination);
    }

    private void CheckAlignment(BlockDevice source, BlockDevice device)
    {
        int block = device.LogicalBlockSize;
        if (source.Size % block != 0)
        {
            Refuse(device.Path,
                $"is read and written in blocks of {block} bytes, and the source's size of {source.Size} bytes is no multiple of that ({source.Size % block} bytes over)",
                $"Extend the source to {(source.Size / block + 1) * block} bytes (truncate -s), or use a device with smaller blocks.");
        }
        else if (_request.BlockBytes % block != 0)
        {
            Refuse(device.Path,
                $"is read and written in blocks of {block} bytes, and --block-size {_request.BlockBytes} is no multiple of that",
                $"Pass --block-size {(_request.BlockBytes / block + 1) * block}, or leave it out.");
        }
    }

    private DmIoClient StartClient()
    {
        try
        {
            return Keep(new DmIoClient(new DmIoOptions { ChunkBytes = Math.Max(_request.BlockBytes, CopyRequest.DefaultBlockBytes) }));
        }
        catch (IoUringUnavailableException exception)
        {
            throw new RefusedException("", exception.Message, "");
        }
    }

    private BlockDevice Open(PathFacts facts, DeviceAccess access) => Keep(DeviceOpener.Open(facts, access, exclusive: !_request.Force));

    private BlockDevice CreateFile(PathFacts facts, BlockDevice source)
    {
        try
        {
            using FileStream stream = new(facts.Path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            _created.Add(facts.Path);
            stream.SetLength(source.Size);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(facts.Path, "can't be created: " + exception.Message, "Check its folder's permissions and free space.");
        }

        BlockDevice device = Open(PathFacts.Of(facts.Path), DeviceAccess.ReadWrite);
        CheckFit(source, device);
        return device;
    }

    private CopyDestination Ready(BlockDevice device, bool created) => Keep(new CopyDestination(device, created));

    protected override void Undo()
    {
        base.Undo();
        foreach (string path in _created)
            File.Delete(path);
    }
}
