using System.Globalization;

namespace DmIoUring.Memory;

/// <summary>How much memory the host can still give to this process, and the limits, as the kernel reports them.</summary>
internal static class HostMemory
{
    private const string Cgroups = "/sys/fs/cgroup";

    /// <summary>Bytes: the smallest of what the host and each control group of the process have left, plus free huge pages of the host's pool.</summary>
    public static long Available => Math.Min(HostAvailable, CgroupAvailable) + (FreeHugePages * HostExtentSource.HugePageBytes);

    /// <summary>Free huge pages of 2 MiB in the host's pool (vm.nr_hugepages).</summary>
    public static long FreeHugePages => Number(ReadText("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")) ?? 0;

    /// <summary>RLIMIT_MEMLOCK in bytes or <c>unlimited</c>, for display.</summary>
    public static string LockLimit =>
        Field("/proc/self/limits", "Max locked memory")?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0] ?? "unknown";

    /// <summary>When the kernel makes transparent huge pages: <c>always</c>, <c>madvise</c>, <c>never</c>; null without them.</summary>
    public static string? TransparentHugePages
    {
        get
        {
            string? choices = ReadText("/sys/kernel/mm/transparent_hugepage/enabled");
            return choices?.Split('[', ']') is [_, string chosen, _] ? chosen : null;
        }
    }

    private static long HostAvailable =>
        Number(Field("/proc/meminfo", "MemAvailable:")?.Replace("kB", "", StringComparison.Ordinal)) * 1024 ?? long.MaxValue / 2;

    private static long CgroupAvailable
    {
        get
        {
            long least = long.MaxValue / 2;
            foreach (string line in Lines("/proc/self/cgroup"))
            {
                string[] parts = line.Split(':', 3);
                if (parts is ["0", "", string path])
                    least = Math.Min(least, MinOf(Cgroups, path, "memory.max", "anon"));
                else if (parts is [_, "memory", string pathOfOld])
                    least = Math.Min(least, MinOf(Cgroups + "/memory", pathOfOld, "memory.limit_in_bytes", "total_rss"));
            }

            return least;
        }
    }

    /// <summary>The smallest room of the group and its parents. Only anonymous memory counts as used, because the page cache is reclaimed.</summary>
    private static long MinOf(string root, string path, string limitFile, string used)
    {
        long least = long.MaxValue / 2;
        for (string? group = root + path; group is not null && group.Length >= root.Length; group = Path.GetDirectoryName(group))
        {
            long? limit = Number(ReadText(Path.Combine(group, limitFile)));
            if (limit is { } bytes)
                least = Math.Min(least, bytes - (Number(Field(Path.Combine(group, "memory.stat"), used + " ")) ?? 0));
        }

        return Math.Max(0, least);
    }

    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static string? Field(string file, string name) =>
        Lines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..].Trim();

    private static string[] Lines(string file) => ReadText(file)?.Split('\n') ?? [];

    /// <summary>The file's text; null where there is no such file, or this process may not read it, as in a sandbox.</summary>
    private static string? ReadText(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
