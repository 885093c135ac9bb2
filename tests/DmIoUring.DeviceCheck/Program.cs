using System.Diagnostics;
using System.Globalization;
using DmIoUring;
using DmIoUring.DeviceCheck;

// dmio-device-check [--ring io_uring|workers] [--polled] [--bad FIRST-LAST] [--only TEXT]... DEVICE[=BLOCKDEVICE]...: destroys what is on them.
// --polled: by polled completions too, where the devices have queues for them. --bad: those sectors of each device fail; only that is checked.
// Exit code 0 when every check held, 1 when one did not.
List<string> only = [];
List<string> paths = [];
IoRingKind? asked = null;
bool polled = false;
(long First, long Last)? bad = null;
for (int i = 0; i < args.Length; i++)
{
    string? value = i + 1 < args.Length ? args[i + 1] : null;
    switch (args[i], value)
    {
        case ("--only", not null):
            only.Add(value);
            i++;
            break;
        case ("--ring", "io_uring" or "workers"):
            asked = value is "workers" ? IoRingKind.Workers : IoRingKind.IoUring;
            i++;
            break;
        case ("--bad", not null) when value.Split('-') is [string one, string other]
            && long.TryParse(one, CultureInfo.InvariantCulture, out long first) && long.TryParse(other, CultureInfo.InvariantCulture, out long last):
            bad = (first, last);
            i++;
            break;
        case ("--polled", _):
            polled = true;
            break;
        case (['-', ..], _):
            paths.Clear();
            i = args.Length;
            break;
        default:
            paths.Add(args[i]);
            break;
    }
}

if (paths.Count == 0)
{
    Console.Error.WriteLine("Usage: dmio-device-check [--ring io_uring|workers] [--polled] [--bad FIRST-LAST] [--only TEXT]... DEVICE[=BLOCKDEVICE]...   (what is on the devices is destroyed)");
    return 2;
}

int broken = 0;
List<Target> targets = [];
try
{
    paths.ForEach(path => targets.Add(new Target(path)));
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}

foreach (Target target in targets)
    Console.WriteLine($"{target.Device}, memory alignment {target.Device.MemoryAlignment}, {target.Device.ReadAbilities()}");

(IoRingKind Ring, IoCompletionPolling Polling)[] rings =
[
    (IoRingKind.IoUring, IoCompletionPolling.None), (IoRingKind.IoUring, IoCompletionPolling.Busy),
    (IoRingKind.IoUring, IoCompletionPolling.Hybrid), (IoRingKind.Workers, IoCompletionPolling.None),
];
foreach ((IoRingKind ring, IoCompletionPolling polling) in rings)
{
    foreach (WayIn way in Enum.GetValues<WayIn>())
    {
        // A thread's own ring never polls: it is the same as without. Hybrid polling differs from busy only in how the kernel waits: two ways show it.
        if (polling != IoCompletionPolling.None && way == WayIn.Sync)
            continue;
        if (polling == IoCompletionPolling.Hybrid && way is not (WayIn.Callback or WayIn.Reactor))
            continue;
        string name = $"{ring} {polling} {way}";
        if ((asked is not null && asked != ring) || (polling != IoCompletionPolling.None && !polled) || (only.Count > 0 && !only.Contains(name, StringComparer.Ordinal)))
            continue;
        long start = Stopwatch.GetTimestamp();
        string outcome;
        try
        {
            using Service service = new(way, ring, polling);
            Checks checks = new(service, targets);
            if (bad is { } sectors)
                checks.RunBadSectors(sectors.First, sectors.Last);
            else
                checks.Run();
            outcome = string.Create(CultureInfo.InvariantCulture, $"ok, {checks.Made} checks");
        }
        catch (Exception exception) when (exception is CheckFailedException or TimeoutException or IoUringUnavailableException)
        {
            broken++;
            outcome = "WRONG: " + exception.Message;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{name}: {outcome}, {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s"));
    }
}

targets.ForEach(static target => target.Dispose());
Console.WriteLine(broken == 0 ? "ALL OK" : $"{broken} WRONG");
return broken == 0 ? 0 : 1;
