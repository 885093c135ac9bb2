using System.Globalization;
using DmIoUring.Cli.Devices;
using DmIoUring.Services;

namespace DmIoUring.Cli.Mirroring;

/// <content>Changes of a mirror that exists: the legs that were named must be those of one mirror.</content>
internal sealed partial class MirrorPlanner
{
    private MirrorPlan? PlanChange(DmIoClient client, DeviceFile[] legs, PathFacts? replacement, DeviceFile? replacementFile)
    {
        DeviceFile? trusted = null;
        if (_request.Trusted is { } path)
        {
            PathFacts? facts = Look(path);
            trusted = Array.Find(legs, leg => string.Equals(leg.Facts.Identity, facts?.Identity, StringComparison.Ordinal));
            if (trusted is null)
                Refuse(path, "is none of the legs that were named", "Name the leg that is right among the others, and once more after --trust.");
        }

        MirrorInspection inspection = Inspect(client, legs);
        CheckLegs(legs, inspection, isTrusting: trusted is not null);
        bool allowsMissing = _request.AllowMissing;
        if (_request.Action == MirrorAction.Replace && inspection.Id is not null)
        {
            CheckReplaced(inspection);
            long needed = new MirrorCreateOptions { RegionSectors = inspection.RegionSectors, Checksums = inspection.HasChecksums }.LegSectorsFor(inspection.SectorCount) * IoRegion.SectorSize;
            if (replacementFile is not null)
            {
                CheckFit(replacementFile, needed, "Name a larger one.");
                RefuseMembers(client, [replacementFile]);
            }
            else if (!HasRefused)
            {
                replacementFile = Try(() => OpenNew(replacement!.Path, needed));
            }

            // The leg that goes need not be there.
            allowsMissing |= inspection.Legs.All(leg => leg.State != MirrorLegState.Missing || leg.Index == _request.Replaced);
        }

        return HasRefused ? null : new MirrorPlan
        {
            Request = _request,
            Client = client,
            Legs = legs,
            Replacement = replacementFile,
            Open = new MirrorOpenOptions { AllowMissing = allowsMissing, Trusted = trusted?.Device },
            Created = [.. Created.Select(static made => made.Path)],
            Notes = Notes,
        };
    }

    private void CheckLegs(DeviceFile[] legs, MirrorInspection inspection, bool isTrusting)
    {
        for (int i = 0; i < legs.Length; i++)
        {
            MirrorInspectedDevice device = inspection.Devices[i];
            bool isOvercome = isTrusting && device.Refusal is MirrorRefusal.Split or MirrorRefusal.NoSource;
            if (device.Refusal is { } refusal && !isOvercome)
                Refuse(legs[i].Path, MirrorText.Reason(device), MirrorText.Advice(MirrorText.Unusable(refusal), _request.Action));
        }

        int[] missing = [.. inspection.Legs.Where(leg => leg.State == MirrorLegState.Missing && !IsReplaced(leg.Index)).Select(static leg => leg.Index)];
        if (missing.Length > 0 && !_request.AllowMissing && !HasRefused)
        {
            string names = string.Join(", ", missing.Select(static leg => leg.ToString(CultureInfo.InvariantCulture)));
            Refuse("", $"of {inspection.Legs.Count} legs of mirror {inspection.Id} {(missing.Length == 1 ? "leg" : "legs")} {names} {(missing.Length == 1 ? "is" : "are")} missing",
                "Name all legs. To go on without: --allow-missing. To put another device in a leg's place: dmio mirror replace.");
        }
    }

    private void CheckReplaced(MirrorInspection inspection)
    {
        if (_request.Replaced >= inspection.Legs.Count)
        {
            Refuse("", $"--leg {_request.Replaced}: the mirror has legs 0 to {inspection.Legs.Count - 1}", "dmio mirror status shows them.");
            return;
        }

        if (!HasRefused && !inspection.Legs.Any(leg => leg.State == MirrorLegState.InSync && leg.Index != _request.Replaced))
            Refuse("", $"leg {_request.Replaced} is the only one in sync: without it the mirror's data would be lost", "Bring another leg into sync first: dmio mirror resync.");
    }

    private bool IsReplaced(int leg) => _request.Action == MirrorAction.Replace && leg == _request.Replaced;
}
