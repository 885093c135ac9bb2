using System.Diagnostics.Tracing;
using DmIoUring.Telemetry;
using DmIoUring.Threading;

namespace DmIoUring.Drivers;

/// <summary>
/// Looks once a second whether a callback blocks a lane of any client, because the lane itself can tell only afterwards. One timer for the process, which
/// rests where no client has a logger and nobody listens to the event source. Any thread; nobody waits.
/// </summary>
/// <remarks>
/// A lane is told of within two seconds, or when the thread pool has a thread. It costs a lane nothing: it is the lane's own note of when its callbacks
/// began that is looked at.
/// </remarks>
internal static class StallWatch
{
    private static readonly Timer Clock = MakeClock();

    private static MeteredClient[] _clients = [];
    private static int _runs;

    static StallWatch() => IoEvents.Log.EventCommandExecuted += static (_, command) =>
    {
        if (command.Command == EventCommand.Enable)
            Start();
    };

    /// <summary>Watches a client's lanes.</summary>
    public static void Add(MeteredClient client)
    {
        MeteredClient[] before;
        do
        {
            before = Volatile.Read(ref _clients);
        }
        while (Interlocked.CompareExchange(ref _clients, [.. before, client], before) != before);
        if (client.TellStalls())
            Start();
    }

    /// <summary>Watches a client's lanes no more. Any number of times.</summary>
    public static void Remove(MeteredClient client)
    {
        MeteredClient[] before;
        do
        {
            before = Volatile.Read(ref _clients);
        }
        while (Interlocked.CompareExchange(ref _clients, Array.FindAll(before, other => other != client), before) != before);
    }

    /// <summary>Tells of the lanes that a callback blocks.</summary>
    /// <returns>Whether anybody may want to know.</returns>
    public static bool Look()
    {
        bool isWanted = false;
        foreach (MeteredClient client in Volatile.Read(ref _clients))
            isWanted |= client.TellStalls();
        return isWanted;
    }

    private static void Tick()
    {
        if (Look())
            return;

        // Look again once it may be started: who came before that has found it running.
        Set(Timeout.InfiniteTimeSpan);
        Interlocked.Exchange(ref _runs, 0);
        if (Look())
            Start();
    }

    /// <summary>Not anew where it runs: clients that come one after the other would put the next look off for ever.</summary>
    private static void Start()
    {
        if (Interlocked.Exchange(ref _runs, 1) == 0)
            Set(DriverTelemetry.StallTime);
    }

    /// <summary>A timer takes a lock of the process's before it changes.</summary>
    private static void Set(TimeSpan period) => UninterruptedWait.Run(period, static time => Clock.Change(time, time));

    /// <summary>It must not run in the context of whoever made the first client.</summary>
    private static Timer MakeClock()
    {
        using AsyncFlowControl suppressed = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
        return new Timer(static _ => Tick(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
