using System.Globalization;

namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>
/// Which legs of a mirror are in sync, told from their superblocks alone. The leg with the most changes knows best. Each leg that it calls out of sync must have stood still since
/// it left: one that has gone on by itself is the other half of a split mirror.
/// </summary>
internal sealed class MirrorAssembly
{
    private MirrorAssembly(Superblock authority, FoundLeg?[] legs, SuperblockEntry[] entries)
    {
        Authority = authority;
        Legs = legs;
        Entries = entries;
    }

    /// <summary>The superblock that knows best.</summary>
    public Superblock Authority { get; }

    /// <summary>The devices by leg; null where one is missing.</summary>
    public FoundLeg?[] Legs { get; }

    /// <summary>What the legs are now.</summary>
    public SuperblockEntry[] Entries { get; }

    public static MirrorAssembly Of(IReadOnlyList<FoundLeg> found, MirrorOpenOptions options)
    {
        FoundLeg? trusted = options.Trusted is { } device
            ? found.FirstOrDefault(leg => leg.Device == device) ?? throw new ArgumentException($"Trusted {device.Path} is none of the mirror's devices.", nameof(options))
            : null;
        List<MirrorProblem> problems = [];
        MirrorAssembly assembly = Of(found, trusted, problems);
        return problems.Find(problem => problem.Refusal != MirrorRefusal.Missing || !options.AllowMissing) is { } first
            ? throw new MirrorException(first.Refusal, first.Message)
            : assembly;
    }

    /// <summary>As far as the legs allow: where they do not, a problem is added, the most important one first.</summary>
    public static MirrorAssembly Of(IReadOnlyList<FoundLeg> found, FoundLeg? trusted, List<MirrorProblem> problems)
    {
        if (trusted is not null)
            return Of(found, trusted, isTrusted: true, problems);
        FoundLeg[] mirror = [.. found.GroupBy(static leg => leg.Superblock.Mirror).MaxBy(static legs => legs.Count())!];
        FoundLeg newest = mirror.MaxBy(static leg => (leg.IsInSync, leg.Superblock.Changes))!;

        // Of several with the newest change, one whose change was interrupted knows less than one that was used since.
        MirrorAssembly? first = null;
        List<MirrorProblem> firstProblems = [];
        foreach (FoundLeg candidate in mirror.Where(leg => leg.IsInSync == newest.IsInSync && leg.Superblock.Changes == newest.Superblock.Changes))
        {
            List<MirrorProblem> own = [];
            MirrorAssembly assembly = Of(found, candidate, isTrusted: false, own);
            if (first is null || !own.Exists(static problem => problem.Refusal == MirrorRefusal.Split))
                (first, firstProblems) = (assembly, own);
            if (!own.Exists(static problem => problem.Refusal == MirrorRefusal.Split))
                break;
        }

        problems.AddRange(firstProblems);
        return first!;
    }

    private static MirrorAssembly Of(IReadOnlyList<FoundLeg> found, FoundLeg authority, bool isTrusted, List<MirrorProblem> problems)
    {
        Superblock best = authority.Superblock;
        FoundLeg?[] legs = new FoundLeg?[best.Entries.Length];
        foreach (FoundLeg leg in found)
        {
            if (WhyNotPlaced(leg, authority, legs) is { } why)
                problems.Add(new MirrorProblem(leg, MirrorRefusal.Foreign, why));
            else
                legs[leg.Superblock.Leg] = leg;
        }

        SuperblockEntry[] entries = [.. best.Entries];
        for (int i = 0; i < entries.Length; i++)
        {
            if (legs[i] is { } leg && leg != authority)
                entries[i] = Judge(leg, authority, entries[i], isTrusted, problems);
        }

        if (!entries[best.Leg].IsInSync)
        {
            // It knows that it lacks writes, and those who have them are older or missing.
            problems.Add(new MirrorProblem(
                authority, MirrorRefusal.NoSource, $"{authority} is itself out of sync. Give the legs that are in sync too: {Names(entries, legs, static entry => entry.IsInSync)}."));
        }

        // A leg that is out of sync itself knows better than one that has not seen that it was left behind.
        FoundLeg? witness = isTrusted ? null : found.FirstOrDefault(leg =>
            leg.Superblock.Mirror == best.Mirror && best.Leg < leg.Superblock.Entries.Length && leg.Superblock.Change != best.Change && leg.Superblock.Changes >= best.Changes
            && !leg.IsInSync && !leg.Superblock.Entries[best.Leg].IsInSync);
        if (witness is not null)
        {
            problems.Add(new MirrorProblem(
                authority, MirrorRefusal.NoSource, $"{witness} says that {authority} is out of sync. Give the legs that are in sync too: {Names(witness.Superblock.Entries, legs, static entry => entry.IsInSync)}."));
        }

        if (legs.Contains(null))
        {
            problems.Add(new MirrorProblem(
                Leg: null, MirrorRefusal.Missing, $"Missing of {entries.Length} legs: {Names(entries, legs, static _ => true)}. Give all, or set AllowMissing to go on without them."));
        }

        return new MirrorAssembly(best, legs, entries);
    }

    private static string? WhyNotPlaced(FoundLeg leg, FoundLeg authority, FoundLeg?[] legs)
    {
        Superblock own = leg.Superblock, best = authority.Superblock;
        if (own.Mirror != best.Mirror)
            return $"{leg} belongs to mirror {own.Mirror}, {authority} to {best.Mirror}. Give the legs of one mirror.";
        if (own.Leg >= legs.Length || best.Entries[own.Leg].Id != leg.Id)
            return $"{leg} was replaced: {authority} has another device as that leg. Leave it out.";
        if (own.Layout != best.Layout)
        {
            return string.Create(
                CultureInfo.InvariantCulture, $"{leg} says {Words(own.Layout)}, {authority} says {Words(best.Layout)}. Leave one of them out.");
        }

        return legs[own.Leg] is { } twin ? $"{leg} and {twin} are copies of one leg. Leave one of them out." : null;
    }

    private static string Words(MirrorLayout layout) => string.Create(
        CultureInfo.InvariantCulture, $"{layout.Sectors} sectors in regions of {layout.RegionSectors}, {(layout.HasChecksums ? "with" : "without")} checksums");

    private static SuperblockEntry Judge(FoundLeg leg, FoundLeg authority, SuperblockEntry entry, bool isTrusted, List<MirrorProblem> problems)
    {
        Superblock own = leg.Superblock, best = authority.Superblock;

        bool doubtsAuthority = !own.Entries[best.Leg].IsInSync;
        if (entry.IsInSync)
        {
            // A change is on all legs in sync, or on some of them where it was interrupted: then the others have the one before.
            if (IsBetween(own.Change, best.Previous, best.Change))
                return entry;
        }
        else if (IsAsItWasLeft(own, entry, doubtsAuthority) || own.Previous == best.Change && !doubtsAuthority)
        {
            // The second: its resync was about to begin, and that was interrupted.
            return entry;
        }

        // An older state, as from a backup: the log does not reach back to that. A leg that says itself that it is out of sync was never used alone, but may have been copied to by others.
        if (!isTrusted && leg.IsInSync && (doubtsAuthority || own.Changes >= best.Changes || !entry.IsInSync && own.Changes >= entry.Last.Number))
        {
            problems.Add(new MirrorProblem(
                leg, MirrorRefusal.Split, $"{leg} and {authority} were each used without the other: the mirror is split. Say by Trusted which one is right; what only the other has is lost then."));
        }

        return new SuperblockEntry(entry.Id, RecordedState.LacksAll, own.Change, own.Change);
    }

    /// <summary>
    /// Whether a leg that is out of sync stands where it was left: at a change that it had with the others, or one behind that which was interrupted, so that nobody was told. One that
    /// was used without the others has called them out of sync.
    /// </summary>
    public static bool IsAsItWasLeft(Superblock own, in SuperblockEntry entry, bool doubtsOthers) =>
        IsBetween(own.Change, entry.Confirmed, entry.Last) || !doubtsOthers && IsBetween(own.Previous, entry.Confirmed, entry.Last);

    /// <summary>Whether a change is one of two or between them: of one session, so that the same mirror has made all of them, and none of those between was recorded on all legs.</summary>
    private static bool IsBetween(ChangeStamp change, ChangeStamp first, ChangeStamp last) =>
        change == first || change == last
        || change.Session == last.Session && change.Number < last.Number && (first.Session != last.Session || change.Number > first.Number);

    private static string Names(SuperblockEntry[] entries, FoundLeg?[] legs, Func<SuperblockEntry, bool> isMeant) => string.Join(
        ", ", Enumerable.Range(0, entries.Length).Where(leg => legs[leg] is null && isMeant(entries[leg])).Select(static leg => FormattableString.Invariant($"leg {leg}")));
}
