namespace DmIoUring.Cli.Devices;

/// <summary>
/// What lies on what on this host, and who uses it: partitions, device-mapper and RAID, loop devices, files, mounts, swap space. The kernel
/// refuses an exclusive open only of the very device that is claimed; a loop device's backing file it gives to anybody.
/// </summary>
/// <param name="links">What lies on what.</param>
/// <param name="uses">Who uses what directly.</param>
/// <param name="fileSystems">The block device, by identity and path, of a file system's device number.</param>
internal sealed class StorageMap(
    IReadOnlyList<StorageLink> links, IReadOnlyList<StorageUse> uses, IReadOnlyDictionary<string, (string Identity, string Name)> fileSystems)
{
    private const string BlockFolder = "/sys/class/block";

    /// <summary>What could not be looked at, so that a use may not be seen; empty when all could.</summary>
    public IReadOnlyList<string> Gaps { get; init; } = [];

    public static StorageMap Read()
    {
        List<StorageLink> links = [];
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        ReadSysfs(links, names);
        links.AddRange(LoopBackings.Read());
        List<StorageUse> uses = [.. MountTable.ReadSwaps()];
        Dictionary<string, (string Identity, string Name)> fileSystems = new(StringComparer.Ordinal);
        foreach ((StorageUse use, string fileSystem) in MountTable.ReadMounts())
        {
            uses.Add(use);
            fileSystems[fileSystem] = (use.Identity, names.GetValueOrDefault(use.Identity, use.Identity));
        }

        return new StorageMap(links, uses, fileSystems) { Gaps = [.. FindGaps()] };
    }

    /// <summary>Who uses something, through whatever is stacked on it.</summary>
    /// <returns>The chain in words, or <see langword="null"/> when nobody does.</returns>
    public string? FindUse(PathFacts facts) =>
        FindUse(facts.Identity, facts.Path, [])
        ?? (facts.Disk is { } disk && !string.Equals(disk, facts.Identity, StringComparison.Ordinal) ? FindUseOfWholeDisk(facts.Path, disk) : null);

    /// <summary>Whether one thing lies on another, through whatever is between them.</summary>
    /// <returns>The chain in words, or <see langword="null"/> when it does not.</returns>
    public string? FindPath(PathFacts upper, PathFacts lower) =>
        FindPath(upper.Identity, upper.Path, upper.FileSystem, lower, []) is { } path ? string.Join(", which is on ", path) : null;

    private static IEnumerable<string> FindGaps()
    {
        if (!Directory.Exists(BlockFolder))
            yield return "sysfs is not mounted on /sys: partitions and what lies on device-mapper and RAID are not known";
        foreach (string path in new[] { MountTable.MountsPath, MountTable.SwapsPath }.Where(path => SmallFile.Read(path) is null))
            yield return $"{path} can't be read: mounts or swap space may not be seen";
    }

    private static void ReadSysfs(List<StorageLink> links, Dictionary<string, string> names)
    {
        string[] all = SmallFile.Names(BlockFolder);
        foreach (string name in all)
        {
            if (Number(name) is { } number)
                names[StorageIdentity.Block(number)] = DevicePath(name);
        }

        foreach (string name in all)
        {
            if (Number(name) is not { } number)
                continue;
            string identity = StorageIdentity.Block(number);
            foreach (string member in SmallFile.Names($"{BlockFolder}/{name}/slaves"))
                Add(identity, Number(member), StorageLinkKind.Stacked);
            if (File.Exists($"{BlockFolder}/{name}/partition"))
                Add(identity, DiskNumber(name), StorageLinkKind.Partition);
        }

        void Add(string upper, string? lower, StorageLinkKind kind)
        {
            if (lower is not null && StorageIdentity.Block(lower) is var identity)
                links.Add(new StorageLink(upper, names[upper], identity, names.GetValueOrDefault(identity, identity), kind));
        }

        string? Number(string name) => SmallFile.Read($"{BlockFolder}/{name}/dev")?.Trim();
    }

    /// <summary>A partition's folder is in its disk's.</summary>
    private static string? DiskNumber(string name) =>
        Directory.ResolveLinkTarget($"{BlockFolder}/{name}", returnFinalTarget: true) is { } target
            ? SmallFile.Read(Path.Combine(target.FullName, "../dev"))?.Trim()
            : null;

    /// <summary>A slash in a name is an exclamation mark in sysfs; device-mapper's devices are known by the names that they were given.</summary>
    private static string DevicePath(string name) =>
        SmallFile.Read($"{BlockFolder}/{name}/dm/name")?.Trim() is { Length: > 0 } given ? "/dev/mapper/" + given : "/dev/" + name.Replace('!', '/');

    private string? FindUse(string identity, string name, HashSet<string> seen)
    {
        if (!seen.Add(identity))
            return null;
        if (uses.FirstOrDefault(use => Same(use.Identity, identity)) is { } direct)
            return $"{name} is {direct.How}";
        string? held = null;
        foreach (StorageLink link in links.Where(link => Same(link.Lower, identity)))
        {
            if (FindUse(link.Upper, link.UpperName, seen) is { } use)
                return $"{name} is under {link.UpperName}; {use}";
            if (link.Kind != StorageLinkKind.Partition)
                held ??= $"{name} is under {link.UpperName}";
        }

        return held;
    }

    /// <summary>Who uses the whole disk uses each partition; who uses another partition does not.</summary>
    private string? FindUseOfWholeDisk(string partition, string disk)
    {
        StorageMap withoutPartitions = new([.. links.Where(link => link.Kind != StorageLinkKind.Partition)], uses, fileSystems);
        string name = links.FirstOrDefault(link => Same(link.Lower, disk))?.LowerName ?? disk;
        return withoutPartitions.FindUse(disk, name, []) is { } use ? $"{partition} is on {name}; {use}" : null;
    }

    private List<string>? FindPath(string identity, string name, string? fileSystem, PathFacts target, HashSet<string> seen)
    {
        if (!seen.Add(identity))
            return null;
        foreach (StorageLink link in Below(identity, name, fileSystem))
        {
            // A loop device on a whole disk lies on its partitions, too.
            bool reached = Same(link.Lower, target.Identity) || (link.Kind != StorageLinkKind.Partition && Same(link.Lower, target.Disk));
            List<string>? rest = reached ? [target.Path] : FindPath(link.Lower, link.LowerName, FileSystemOf(link.Lower), target, seen);
            if (rest is not null)
                return [name, .. rest];
        }

        return null;
    }

    private IEnumerable<StorageLink> Below(string identity, string name, string? fileSystem)
    {
        foreach (StorageLink link in links.Where(link => Same(link.Upper, identity)))
            yield return link;
        if (fileSystem is not null && fileSystems.TryGetValue(fileSystem, out (string Identity, string Name) device))
            yield return new StorageLink(identity, name, device.Identity, device.Name, StorageLinkKind.File);
    }

    /// <summary>A file's identity has its file system's number in the middle.</summary>
    private static string? FileSystemOf(string identity) => identity.Split(' ') is ["file", { } number, _] ? number : null;

    private static bool Same(string? left, string? right) => left is not null && string.Equals(left, right, StringComparison.Ordinal);
}
