using DmIoUring.Cli.Devices;
using DmIoUring.Services;

namespace DmIoUring.Cli.Mirroring;

/// <summary>What <c>dmio mirror status</c> does: reads the metadata of what was named, and writes nothing.</summary>
internal sealed class MirrorProbe : Planner
{
    private readonly IReadOnlyList<string> _paths;
    private DmIoClient? _client;

    private MirrorProbe(IReadOnlyList<string> paths) => _paths = paths;

    public static async Task<MirrorReport> RunAsync(IReadOnlyList<string> paths, CancellationToken cancellation)
    {
        MirrorProbe probe = new(paths);
        List<DeviceFile>? files = probe.Make(probe.Open, out IReadOnlyList<Refusal> refusals);
        if (files is null)
            return new MirrorReport { Action = MirrorAction.Status, Outcome = CommandOutcome.Refused, Refusals = refusals };
        try
        {
            using DmIoClient client = probe._client!;
            return Describe(MirrorAction.Status, await MirrorDevice.InspectAsync(client, [.. files.Select(static file => file.Device)], cancellation), files);
        }
        finally
        {
            files.ForEach(static file => file.Dispose());
        }
    }

    /// <summary>A mirror as its metadata has it.</summary>
    /// <param name="action">What is reported.</param>
    /// <param name="inspection">What the metadata says.</param>
    /// <param name="files">The devices by the paths that the user has named.</param>
    public static MirrorReport Describe(MirrorAction action, MirrorInspection inspection, IReadOnlyList<DeviceFile> files)
    {
        MirrorDeviceReport[] unusable = [.. inspection.Devices.Where(static device => device.Refusal is not null).Select(device => new MirrorDeviceReport(
            PathOf(device.Device), MirrorText.Unusable(device.Refusal!.Value), device.Mirror, device.Leg < 0 ? null : device.Leg, MirrorText.Reason(device)))];
        MirrorReport report = new()
        {
            Action = action,
            Outcome = CommandOutcome.Complete,
            State = inspection.IsInSync ? MirrorHealth.InSync : inspection.Refusal is null or MirrorRefusal.Missing ? MirrorHealth.Degraded : MirrorHealth.Unusable,
            Unusable = unusable.Length == 0 ? null : unusable,
        };
        return inspection.Id is null ? report : report with
        {
            Id = inspection.Id,
            Bytes = inspection.SectorCount * IoRegion.SectorSize,
            RegionBytes = inspection.RegionSectors * IoRegion.SectorSize,
            Regions = inspection.Regions,
            DirtyRegions = inspection.DirtyRegions,
            HasChecksums = inspection.HasChecksums,
            Changes = inspection.Changes,
            Legs = [.. inspection.Legs.Select(leg => new MirrorLegReport(
                leg.Index, leg.Device is null ? null : PathOf(leg.Device), MirrorText.Condition(leg.State), leg.NeedsFullResync, leg.RegionsToCopy, leg.Device is null ? null : leg.Changes, leg.Reason, IsCreated: false))],
        };

        string PathOf(BlockDevice device) => files.First(file => file.Device == device).Path;
    }

    private List<DeviceFile>? Open()
    {
        if (_paths.Count > MirrorDevice.MaxLegs)
            Refuse("", $"{_paths.Count} legs; a mirror has at most {MirrorDevice.MaxLegs}", "Name the legs of one mirror.");
        List<PathFacts> all = [.. _paths.Select(Look).OfType<PathFacts>()];
        foreach (PathFacts facts in all)
            RefuseUnfit(facts, overwrites: false, "Name a block device or a regular file.");
        RefuseTwins(all);
        if (HasRefused)
            return null;
        List<DeviceFile?> files = [.. all.Select(facts => Try(() => Open(facts, DeviceAccess.Read, exclusive: false)))];
        _client = Try(() => StartClient());
        return HasRefused ? null : [.. files.OfType<DeviceFile>()];
    }
}
