using System.Collections.Immutable;

namespace DmIoUring.Telemetry;

/// <summary>
/// The names of devices in metrics. A collector keeps a series for each for the life of the process, so there are only so many: a program that opens one file
/// after the other gives them a name. Any thread; nobody waits.
/// </summary>
internal static class DeviceNames
{
    /// <summary>The most names.</summary>
    public const int Most = 1000;

    /// <summary>What every device is called beyond them.</summary>
    public const string Other = "_other";

    private static ImmutableHashSet<string> _known = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>The name, or <see cref="Other"/> when there are too many others.</summary>
    public static string Bounded(string name) => Bounded(name, ref _known);

    /// <summary>The same among given names, for tests.</summary>
    internal static string Bounded(string name, ref ImmutableHashSet<string> known)
    {
        while (true)
        {
            ImmutableHashSet<string> before = Volatile.Read(ref known);
            if (before.TryGetValue(name, out string? found))
                return found;
            if (before.Count >= Most)
                return Other;
            if (Interlocked.CompareExchange(ref known, before.Add(name), before) == before)
                return name;
        }
    }
}
