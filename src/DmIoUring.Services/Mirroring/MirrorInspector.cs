using System.Globalization;
using System.Numerics;
using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services.Mirroring;

/// <summary>Reads the metadata of a mirror's legs and says what opening it would find.</summary>
internal sealed class MirrorInspector(DmIoClient client)
{
    private readonly SuperblockReader _reader = new(client);

    public async Task<MirrorInspection> InspectAsync(BlockDevice[] devices, CancellationToken cancellationToken)
    {
        List<FoundLeg> found = [];
        List<MirrorInspectedDevice> inspected = [];
        foreach (BlockDevice device in devices)
        {
            (FoundLeg? leg, string why) = await _reader.TryReadAsync(device, cancellationToken).ConfigureAwait(false);
            if (leg is not null)
                found.Add(leg);
            inspected.Add(leg is null ? WithoutMetadata(device, why) : new MirrorInspectedDevice
            {
                Device = device,
                Mirror = leg.Superblock.Mirror,
                Leg = leg.Superblock.Leg,
                Changes = leg.Superblock.Changes,
            });
        }

        if (found.Count == 0)
            return new MirrorInspection { Devices = inspected, Legs = [], Refusal = MirrorRefusal.NoMetadata, Reason = inspected[0].Reason };
        List<MirrorProblem> problems = [];
        MirrorAssembly assembly = MirrorAssembly.Of(found, trusted: null, problems);
        MirrorLayout layout = assembly.Authority.Layout;
        problems.InsertRange(0, found
            .Where(leg => !layout.FitsOn(leg.Device.SectorCount))
            .Select(leg => new MirrorProblem(leg, MirrorRefusal.Unsuitable, MirrorDevice.TooSmall(leg.Device, layout.Sectors, layout).Message)));
        for (int i = 0; i < inspected.Count; i++)
        {
            if (problems.Find(problem => problem.Leg?.Device == inspected[i].Device) is { } problem)
                inspected[i] = inspected[i] with { Refusal = problem.Refusal, Reason = problem.Message };
        }

        return await DescribeAsync(assembly, inspected, problems, cancellationToken).ConfigureAwait(false);
    }

    private static MirrorInspectedDevice WithoutMetadata(BlockDevice device, string why) =>
        new() { Device = device, Refusal = MirrorRefusal.NoMetadata, Reason = SuperblockReader.NoLeg(device, why) };

    private async Task<MirrorInspection> DescribeAsync(
        MirrorAssembly assembly, List<MirrorInspectedDevice> inspected, List<MirrorProblem> problems, CancellationToken cancellationToken)
    {
        Superblock best = assembly.Authority;
        FoundLeg[] inSync = [.. assembly.Legs.OfType<FoundLeg>()
            .Where(leg => assembly.Entries[leg.Superblock.Leg].IsInSync && best.Layout.FitsOn(leg.Device.SectorCount))];
        ulong[] dirty = await _reader.ReadLogAsync(inSync.Select(static leg => leg.Device), best.Mirror, best.Layout, cancellationToken).ConfigureAwait(false);
        long dirtyRegions = dirty.Sum(static word => (long)BitOperations.PopCount(word));
        bool mayDiffer = inSync.Length > 1 && dirtyRegions > 0;
        MirrorInspectedLeg[] legs = [.. assembly.Entries.Select((entry, index) => Describe(index, entry, assembly.Legs[index], best) with
        {
            RegionsToCopy = entry.State == RecordedState.LacksAll ? best.Layout.Regions
                : !entry.IsInSync || assembly.Legs[index] is null || mayDiffer && index != inSync[0].Superblock.Leg ? dirtyRegions
                : 0,
        })];
        MirrorInspectedDevice? unusable = inspected.Find(static device => device.Refusal is not null);
        MirrorProblem? first = problems.FirstOrDefault();
        return new MirrorInspection
        {
            Devices = inspected,
            Legs = legs,
            Id = best.Mirror,
            SectorCount = best.Layout.Sectors,
            RegionSectors = best.Layout.RegionSectors,
            HasChecksums = best.Layout.HasChecksums,
            Changes = best.Changes,
            DirtyRegions = dirtyRegions,
            NeedsResync = mayDiffer || Array.Exists(legs, static leg => leg.State == MirrorLegState.OutOfSync),
            Refusal = unusable?.Refusal ?? first?.Refusal,
            Reason = unusable?.Reason ?? first?.Message,
        };
    }

    private static MirrorInspectedLeg Describe(int index, SuperblockEntry entry, FoundLeg? leg, Superblock best) => new()
    {
        Index = index,
        Device = leg?.Device,
        State = leg is null ? MirrorLegState.Missing : entry.IsInSync ? MirrorLegState.InSync : MirrorLegState.OutOfSync,
        NeedsFullResync = entry.State == RecordedState.LacksAll,
        Changes = leg?.Superblock.Changes ?? 0,
        Reason = entry.State switch
        {
            RecordedState.InSync => null,
            RecordedState.LacksAll when leg is not null && best.Entries[index].State != RecordedState.LacksAll =>
                string.Create(CultureInfo.InvariantCulture, $"is at change {leg.Superblock.Changes}, not at the one that it was left at ({best.Entries[index].Last.Number})"),
            RecordedState.LacksAll => "no full resync of it has ended yet",
            _ => string.Create(CultureInfo.InvariantCulture, $"lacks what was written since change {entry.Last.Number} of {best.Changes}"),
        },
    };
}
