using System.Globalization;
using DmIoUring.Interop;

namespace DmIoUring.Memory;

/// <summary>Describes the features that the host gave to the pool's memory and those that it refused, with the values that decide it.</summary>
internal static unsafe class PoolFeatures
{
    public static IReadOnlyList<IoFeature> Describe(IReadOnlyList<MappedExtent> extents)
    {
        if (extents.Count == 0)
            return [];
        MappedExtent[] large = [.. extents.Where(static extent => extent.Length >= HostExtentSource.HugePageBytes)];
        return [HugeTlb(large), HugePages(large), Locked(extents)];
    }

    private static IoFeature HugeTlb(MappedExtent[] large)
    {
        long had = Bytes(large, static extent => extent.HugeTlb == MappedExtent.Granted);
        string share = Share(had, large);
        if (large.Length > 0 && had == Bytes(large))
            return new IoFeature("MAP_HUGETLB", IsAvailable: true, share + " are huge pages that the host set aside.");
        string reason = Array.Find(large, static extent => extent.HugeTlb > 0) is { } refused
            ? $"mmap answered {Errno.Name(refused.HugeTlb)}, {Invariant(HostMemory.FreeHugePages)} huge pages of 2 MiB are free (sysctl vm.nr_hugepages)"
            : "no extent is a multiple of 2 MiB";
        return new IoFeature("MAP_HUGETLB", IsAvailable: false, $"{share}: {reason}.");
    }

    private static IoFeature HugePages(MappedExtent[] large)
    {
        const string name = "MADV_HUGEPAGE";
        MappedExtent[] others = [.. large.Where(static extent => extent.HugeTlb != MappedExtent.Granted)];
        if (others.Length == 0)
        {
            string none = large.Length == 0 ? "No extent is as large as a huge page of 2 MiB." : "Not needed: MAP_HUGETLB serves.";
            return new IoFeature(name, IsAvailable: false, none);
        }

        long had = Math.Min(TransparentHugeBytes(others), Bytes(others));
        string share = Share(had, others) + " are transparent huge pages";
        if (had > 0)
            return new IoFeature(name, IsAvailable: true, share + ".");
        string reason = Array.Find(others, static extent => extent.HugePage > 0) is { } refused
            ? "madvise answered " + Errno.Name(refused.HugePage)
            : $"/sys/kernel/mm/transparent_hugepage/enabled is {HostMemory.TransparentHugePages ?? "absent"}";
        return new IoFeature(name, IsAvailable: false, $"{share}: {reason}.");
    }

    private static IoFeature Locked(IReadOnlyList<MappedExtent> extents)
    {
        long had = Bytes(extents, static extent => extent.Lock == MappedExtent.Granted);
        string share = Share(had, extents) + " are locked into memory";
        if (extents.FirstOrDefault(static extent => extent.Lock > 0) is not { } refused)
            return new IoFeature("mlock", IsAvailable: true, share + ".");
        string reason = $"mlock answered {Errno.Name(refused.Lock)}, RLIMIT_MEMLOCK is {HostMemory.LockLimit} bytes (ulimit -l)";
        return new IoFeature("mlock", IsAvailable: false, $"{share}: {reason}; the rest may be swapped out.");
    }

    /// <summary>Read from the kernel, because madvise does not guarantee huge pages.</summary>
    private static long TransparentHugeBytes(MappedExtent[] extents)
    {
        const string field = "AnonHugePages:";
        long bytes = 0;
        bool isOurs = false;
        try
        {
            foreach (string line in File.ReadLines("/proc/self/smaps"))
            {
                if (line.StartsWith(field, StringComparison.Ordinal))
                    bytes += isOurs ? long.Parse(line.AsSpan(field.Length).TrimEnd("kB "), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) * 1024 : 0;
                else if (TryParseRange(line, out ulong start, out ulong end))
                    isOurs = Array.Exists(extents, extent => (ulong)extent.Start < end && (ulong)extent.Start + (ulong)extent.Length > start);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }

        return bytes;
    }

    /// <summary>A mapping's first line: <c>7f0000000000-7f0000200000 rw-p ...</c>.</summary>
    private static bool TryParseRange(ReadOnlySpan<char> line, out ulong start, out ulong end)
    {
        end = 0;
        int dash = line.IndexOf('-');
        int space = line.IndexOf(' ');
        bool found = ulong.TryParse(line[..Math.Max(dash, 0)], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out start);
        return found && space > dash
            && ulong.TryParse(line[(dash + 1)..space], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out end);
    }

    private static long Bytes(IEnumerable<MappedExtent> extents, Func<MappedExtent, bool>? which = null) =>
        extents.Where(which ?? (static _ => true)).Sum(static extent => extent.Length);

    private static string Share(long part, IEnumerable<MappedExtent> extents) =>
        string.Create(CultureInfo.InvariantCulture, $"{part >> 10} of {Bytes(extents) >> 10} KiB");

    private static string Invariant(long number) => number.ToString(CultureInfo.InvariantCulture);
}
