using DmIoUring.Cli.Devices;

namespace DmIoUring.Cli.Copy;

/// <summary>Every check of a copy, before anything is written. What can be told at once is told at once.</summary>
internal sealed class CopyPlanner : Planner
{
    private const long MaxMemory = 4L << 30;

    private readonly CopyRequest _request;

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
            Refuse("", $"--bs {_request.BlockBytes} times --iodepth {_request.Depth} is {Quantity.Bytes(memory)} of memory; {Quantity.Bytes(MaxMemory)} are allowed",
                "Lower one of them.");
            return null;
        }

        PathFacts? source = Look(_request.Source);
        List<PathFacts?> destinations = [.. _request.Destinations.Select(Look)];
        CheckSource(source);
        CheckDestinations(destinations);
        CheckOverlaps(source, destinations);
        CheckResume(destinations);
        if (!_request.Force)
            CheckStorage(source, [.. destinations.OfType<PathFacts>()]);
        if (HasRefused)
            return null;

        DeviceFile? sourceFile = Try(() => Open(source!, DeviceAccess.Read));
        List<DeviceFile?> files = [.. destinations.Select(facts =>
            facts!.Kind == PathKind.Missing ? null : Try(() => Open(facts, DeviceAccess.ReadWrite)))];
        if (sourceFile is null)
            return null;
        CheckSource(sourceFile);
        foreach (DeviceFile file in files.OfType<DeviceFile>())
            CheckFit(sourceFile, file);
        CheckResume(sourceFile, [.. files.OfType<DeviceFile>()]);

        // Throughput alone counts here: a wait that is awake would only take the processor from the devices' own threads.
        DmIoOptions options = new() { WaitPolicy = IoWaitPolicy.Sleep };
        DmIoClient? client = Try(() => StartClient(options with { ChunkBytes = Math.Max(_request.BlockBytes, options.ChunkBytes) }));
        if (HasRefused)
            return null;

        for (int index = 0; index < files.Count; index++)
            files[index] ??= Try(() => OpenNew(destinations[index]!, sourceFile));
        return HasRefused ? null : new CopyPlan
        {
            Request = _request,
            Client = client!,
            SourceFile = sourceFile,
            Bytes = sourceFile.Device.Size,
            Destinations = [.. files.Select((file, index) => new CopyDestination(file!, destinations[index]!.Kind == PathKind.Missing))],
            Notes = Notes,
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
                RefuseUncreatable(destination.Path);
            else if (!destination.CanHoldData)
                Refuse(destination.Path, $"is {destination.KindInWords}", "Name a block device, a regular file, or a file to be created.");
        }
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

    /// <summary>What is stacked on a destination, and what it is stacked on.</summary>
    private void CheckStorage(PathFacts? source, PathFacts[] destinations)
    {
        const string advice = "Name another destination. If you know that nothing is lost: --force.";
        for (int index = 0; index < destinations.Length; index++)
        {
            PathFacts destination = destinations[index];
            RefuseUsed(destination);
            if (source is not null && Chain(source, destination) is { } chain)
                Refuse(destination.Path, $"shares its storage with the source: {chain}", advice);
            foreach (string shared in destinations.Take(index).Select(other => Chain(other, destination)).OfType<string>())
                Refuse(destination.Path, $"shares its storage with another destination: {shared}", advice);
        }
    }

    private string? Chain(PathFacts one, PathFacts other) =>
        one.Overlaps(other) ? null : Storage.FindPath(one, other) ?? Storage.FindPath(other, one);

    private static string HowTheyOverlap(PathFacts first, PathFacts second) =>
        string.Equals(first.Identity, second.Identity, StringComparison.Ordinal) ? "the same as" : "on the same disk, as a part or the whole of it, as";

    private void CheckSource(DeviceFile source)
    {
        if (source.Device.Size == 0)
            Refuse(source.Path, "is empty: there is nothing to copy", "");
        CheckAlignment(source);
    }

    private void CheckFit(DeviceFile source, DeviceFile destination)
    {
        long size = destination.Device.Size;
        long wanted = source.Device.Size;
        if (destination.Device.IsReadOnly)
            Refuse(destination.Path, "is read-only", "Make it writable (blockdev --setrw), or name another destination.");
        if (size < wanted)
        {
            Refuse(destination.Path,
                $"has {Quantity.Exact(size)}, {Quantity.Exact(wanted - size)} less than the source {source.Path} with {Quantity.Exact(wanted)}",
                destination.Device.IsBlockDevice ? "Name a device that is as large as the source." : "Extend it (truncate -s), or remove it and it will be created.");
        }

        CheckAlignment(destination);
    }

    private void CheckAlignment(DeviceFile file)
    {
        int block = file.Device.LogicalBlockSize;
        if (_request.BlockBytes % block != 0)
        {
            Refuse(file.Path,
                $"is read and written in blocks of {block} bytes, and --bs {_request.BlockBytes} is no multiple of that",
                $"Pass --bs {(_request.BlockBytes / block + 1) * block}, or leave it out.");
        }
    }

    private void CheckResume(List<PathFacts?> destinations)
    {
        if (_request.ResumeSector == 0)
            return;
        foreach (PathFacts destination in destinations.OfType<PathFacts>().Where(static facts => facts.Kind == PathKind.Missing))
            Refuse(destination.Path, "does not exist, so that it can't have what --resume leaves out", "Name what the interrupted copy was writing, or leave --resume out.");
    }

    private void CheckResume(DeviceFile source, DeviceFile[] destinations)
    {
        long sector = _request.ResumeSector;

        // What is left may be the odd end, less than a sector.
        if (sector > 0 && sector > (source.Device.Size - 1) / IoRegion.SectorSize)
            Refuse("", $"--resume {sector} is not inside the source {source.Path}, which has {source.Device.SectorCount} sectors", "Pass the sector that the interrupted copy told.");
        int block = destinations.Append(source).Max(static file => file.Device.LogicalBlockSize) / IoRegion.SectorSize;
        if (sector % block != 0)
            Refuse("", $"--resume {sector} is not at the beginning of a block, of {block} sectors here", $"Pass {sector / block * block}, or the sector that the interrupted copy told.");
    }

    private DeviceFile Open(PathFacts facts, DeviceAccess access) => Open(facts, access, exclusive: !_request.Force);

    private DeviceFile OpenNew(PathFacts facts, DeviceFile source)
    {
        DeviceFile file = Open(Create(facts.Path, source.Device.Size), DeviceAccess.ReadWrite);
        CheckFit(source, file);
        return file;
    }
}
