using DmIoUring.Threading;

namespace DmIoUring.Telemetry;

/// <summary>
/// The names of devices in metrics. A collector keeps a series for each for the life of the process, so there are only so many: a program that opens one file
/// after the other gives them a name.
/// </summary>
internal static class DeviceNames
{
    /// <summary>The most names.</summary>
    public const int Most = 1000;

    /// <summary>What every device is called beyond them.</summary>
    public const string Other = "_other";

    private static readonly UninterruptedLock Lock = new();
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal);

    /// <summary>The name, or <see cref="Other"/> when there are too many others.</summary>
    public static string Bounded(string name)
    {
        using (Lock.Enter())
        {
            if (Known.TryGetValue(name, out string? known))
                return known;
            if (Known.Count >= Most)
                return Other;
            Known.Add(name);
            return name;
        }
    }
}
