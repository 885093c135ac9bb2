using DmIoUring.Cli.Devices;
using DmIoUring.Interop;
using DmIoUring.Services;

namespace DmIoUring.Cli.Mirroring;

/// <summary>Every check before a mirror is made or changed, and before anything is written. What can be told at once is told at once.</summary>
internal sealed partial class MirrorPlanner : Planner
{
    private const string NameAnother = "Name a block device or a regular file.";
    private const int LargestBlock = 4096;

    /// <summary>The log of as many takes 2 MiB of each leg, and some 200 MB of memory.</summary>
    private const long MostRegions = 1L << 24;

    private readonly MirrorRequest _request;
    private readonly CancellationToken _cancellation;

    private MirrorPlanner(MirrorRequest request, CancellationToken cancellation)
    {
        _request = request;
        _cancellation = cancellation;
    }

    /// <summary>The plan, or why there is none.</summary>
    public static MirrorPlan? Make(MirrorRequest request, CancellationToken cancellation, out IReadOnlyList<Refusal> refusals)
    {
        MirrorPlanner planner = new(request, cancellation);
        return planner.Make(planner.Run, out refusals);
    }

    private MirrorPlan? Run()
    {
        bool isNew = _request.Action == MirrorAction.Create;
        if (_request.Legs.Count > MirrorDevice.MaxLegs || isNew && _request.Legs.Count < MirrorDevice.MinLegs)
        {
            Refuse("", $"{Quantity.Count(_request.Legs.Count, "leg")}; a mirror has {MirrorDevice.MinLegs} to {MirrorDevice.MaxLegs}", isNew ? "Name each device or file that is to be a leg." : "Name the legs of one mirror.");
            return null;
        }

        List<PathFacts> legs = [.. _request.Legs.Select(Look).OfType<PathFacts>()];
        foreach (PathFacts leg in legs)
            CheckPath(leg, mayBeCreated: isNew && _request.Bytes is not null, isNew ? "Name a block device or a regular file; with --size a file is created." : NameAnother);
        PathFacts? replacement = _request.Replacement is null ? null : Look(_request.Replacement);
        if (replacement is not null)
            CheckPath(replacement, mayBeCreated: true, NameAnother);
        PathFacts[] all = [.. legs, .. replacement is null ? [] : new[] { replacement }];
        RefuseTwins(all);
        if (!_request.Force)
            CheckStorage(all);
        if (HasRefused)
            return null;

        List<DeviceFile?> files = [.. legs.Select(facts => facts.Kind == PathKind.Missing ? null : Try(() => OpenChecked(facts)))];
        DeviceFile? replacementFile = replacement is null || replacement.Kind == PathKind.Missing ? null : Try(() => OpenChecked(replacement));
        DmIoClient? client = Try(() => StartClient());
        if (HasRefused)
            return null;
        MirrorPlan? plan = isNew ? PlanNew(client!, legs, files) : PlanChange(client!, [.. files.OfType<DeviceFile>()], replacement, replacementFile);
        return HasRefused ? null : plan;
    }

    private MirrorPlan? PlanNew(DmIoClient client, List<PathFacts> facts, List<DeviceFile?> files)
    {
        MirrorCreateOptions create = MirrorJob.CreateOptions(_request);
        DeviceFile[] existing = [.. files.OfType<DeviceFile>()];
        long sectors = create.Sectors == 0 ? LargestBlock / IoRegion.SectorSize : create.Sectors;
        if (_request.RegionBytes is { } region && (_request.Bytes ?? existing.Max(static file => file.Device.Size)) / region > MostRegions)
        {
            Refuse("", $"--region-size {Quantity.Bytes(region)} makes more than {Quantity.Number(MostRegions)} regions of a mirror of this size", "Pass a larger --region-size, or leave it out.");
            return null;
        }

        if (_request.Checksums && (create.Sectors != 0 ? create.Sectors > MirrorCreateOptions.MaxChecksummedSectors : HoldMoreThanChecksums(existing, create)))
        {
            string advice = create.Sectors != 0 ? "Pass a smaller --size, or leave --checksums out." : "Pass a --size of at most that, or leave --checksums out.";
            Refuse("", $"--checksums are of at most {Quantity.Bytes(MirrorCreateOptions.MaxChecksummedSectors * IoRegion.SectorSize)}", advice);
            return null;
        }

        long needed = create.LegSectorsFor(sectors) * IoRegion.SectorSize;
        foreach (DeviceFile file in existing)
            CheckFit(file, needed, _request.Bytes is null ? "Name a larger one." : "Name a larger one, or pass a smaller --size.");
        RefuseMembers(client, existing);
        if (HasRefused)
            return null;
        for (int i = 0; i < files.Count; i++)
            files[i] ??= Try(() => OpenNew(facts[i].Path, needed));
        return HasRefused ? null : new MirrorPlan
        {
            Request = _request,
            Client = client,
            Legs = [.. files.OfType<DeviceFile>()],
            Created = [.. Created.Select(static made => made.Path)],
            Notes = Notes,
        };
    }

    /// <summary>Whether the smallest leg has room for more data than there can be checksums of, the metadata left out.</summary>
    private static bool HoldMoreThanChecksums(DeviceFile[] legs, MirrorCreateOptions create) =>
        legs.Min(static leg => leg.Device.SectorCount) >= create.LegSectorsFor(MirrorCreateOptions.MaxChecksummedSectors + (LargestBlock / IoRegion.SectorSize));

    /// <summary>What a path leads to; no folder, no FIFO, and nothing only where it may be made.</summary>
    private void CheckPath(PathFacts facts, bool mayBeCreated, string advice)
    {
        if (facts.Kind != PathKind.Missing || !mayBeCreated)
            RefuseUnfit(facts, overwrites: false, advice);
        else
            RefuseUncreatable(facts.Path);
    }

    /// <summary>What is stacked on a leg, and legs that are stacked on each other.</summary>
    private void CheckStorage(PathFacts[] all)
    {
        for (int index = 0; index < all.Length; index++)
        {
            PathFacts leg = all[index];
            RefuseUsed(leg);
            foreach (string shared in all.Take(index).Where(other => !other.Overlaps(leg)).Select(other => Storage.FindPath(other, leg) ?? Storage.FindPath(leg, other)).OfType<string>())
                Refuse(leg.Path, $"shares its storage with another leg: {shared}", "Legs on one device fail together: name another. If you want it all the same: --force.");
        }
    }

    private DeviceFile OpenChecked(PathFacts facts)
    {
        DeviceFile file = Open(facts, DeviceAccess.ReadWrite, exclusive: !_request.Force);
        ThrowIfReadOnly(file);
        if (file.Device.LogicalBlockSize > LargestBlock)
            throw new RefusedException(file.Path, $"has logical blocks of {file.Device.LogicalBlockSize} bytes; a mirror's are at most {LargestBlock}", "Name another device.");
        if (file.Device.IsZoned)
            throw new RefusedException(file.Path, "has zones, which must be written in order", "Name another device.");

        // A block device is opened exclusively; two commands on one file would not see each other.
        if (!_request.Force && facts.Kind == PathKind.RegularFile && !TryLock(file))
            throw new RefusedException(file.Path, "is in use: another program has locked it", "Wait for the other program's end. If you know that nobody else writes to it: --force.");
        return file;
    }

    private bool TryLock(DeviceFile file)
    {
        while (Libc.TryLock(file.Handle) == -Errno.EAGAIN)
        {
            if (!Busy.TryWait())
                return false;
        }

        return true;
    }

    private DeviceFile OpenNew(string path, long bytes) => OpenChecked(Create(path, bytes));

    private void CheckFit(DeviceFile file, long needed, string advice)
    {
        // The metadata stands at the last whole block.
        long usable = file.Device.Size / LargestBlock * LargestBlock;
        if (usable < needed)
            Refuse(file.Path, $"has {Quantity.Exact(file.Device.Size)}; at least {Quantity.Exact(needed)} are needed, the metadata included", advice);
    }

    /// <summary>Devices that are legs of a mirror already.</summary>
    private void RefuseMembers(DmIoClient client, DeviceFile[] files)
    {
        if (_request.Force || files.Length == 0)
            return;
        MirrorInspection inspection = Inspect(client, files);
        for (int i = 0; i < files.Length; i++)
        {
            if (inspection.Devices[i] is { Mirror: { } mirror } member)
                Refuse(files[i].Path, $"is leg {member.Leg} of mirror {mirror}", "To go on with that mirror: dmio mirror resync. To lose its metadata: --force.");
        }
    }

    private MirrorInspection Inspect(DmIoClient client, DeviceFile[] files) =>
        MirrorDevice.InspectAsync(client, Array.ConvertAll(files, static file => file.Device), _cancellation).GetAwaiter().GetResult();
}
