namespace DmIoUring.Cli.Stress;

/// <summary>Clients of different kinds, all at work on the same devices, each replaced by a new one now and then.</summary>
internal sealed class StressClients : IDisposable
{
    public const int Count = 4;

    /// <summary>The one with less reserved than is asked of it.</summary>
    public const int Narrow = 1;

    /// <summary>The one whose requests run out of time.</summary>
    public const int Hasty = 2;

    public static readonly string[] Names = ["plain", "narrow", "hasty", "inline"];

    private static readonly DmIoOptions[] Options =
    [
        new(),
        new() { Lanes = 3, QueueDepth = 4, ChunkBytes = 16 << 10, SyncRings = 1 },
        new() { QueueDepth = 16, ChunkBytes = 64 << 10, RequestTimeLimit = TimeSpan.FromMilliseconds(20) },
        new() { Lanes = 2, InlineContinuations = true },
    ];

    /// <summary>Pages, and so requests, that each has for as long as it lives. The narrow one's submitters have to wait in line.</summary>
    private static readonly long[] Reserves = [0, 4, 1024, 2048];

    private readonly DmIoClient[] _clients = new DmIoClient[Count];
    private readonly Lock _lock = new();
    private readonly ClientTotals _totals = new();

    public StressClients()
    {
        try
        {
            for (int client = 0; client < Count; client++)
                _clients[client] = Make(client);
        }
        catch
        {
            foreach (DmIoClient? client in _clients)
                client?.Dispose();
            throw;
        }
    }

    public DmIoClient this[int client] => Volatile.Read(ref _clients[client]);

    /// <summary>Puts a new client in the old one's place and ends the old one in one of its ways, requests under way or not.</summary>
    public void Renew(int client, BlockDevice device, ref SeededSequence random)
    {
        DmIoClient old = Interlocked.Exchange(ref _clients[client], Make(client));
        switch (random.Below(3))
        {
            case 0:
                old.Dispose();
                break;
            case 1:
                old.DisposeAsync().AsTask().Wait();
                break;
            default:
                DisposeInCallback(old, device);
                break;
        }

        lock (_lock)
            _totals.Add(old.Statistics);
    }

    /// <summary>Of all the clients there were.</summary>
    public IoStatistics Statistics()
    {
        ClientTotals totals = new();
        lock (_lock)
            totals.Add(_totals.Sum);
        foreach (DmIoClient client in _clients)
            totals.Add(client.Statistics);
        return totals.Sum;
    }

    public void Dispose()
    {
        foreach (DmIoClient client in _clients)
            client.Dispose();
    }

    private static DmIoClient Make(int client)
    {
        DmIoClient made = new(Options[client]);
        if (Reserves[client] > 0)
            _ = made.Reserve(Reserves[client]);
        return made;
    }

    private static void DisposeInCallback(DmIoClient client, BlockDevice device)
    {
        using ManualResetEventSlim disposed = new();
        IoNotify notify = (_, _) =>
        {
            client.Dispose();
            disposed.Set();
        };
        client.SubmitFlush([new IoRegion(device, 0, 0)], notify);
        if (!disposed.Wait(StressRun.Patience))
            throw new TimeoutException($"A flush's callback did not come in {StressRun.Patience}.");

        // In the callback it did not wait.
        client.DisposeAsync().AsTask().Wait();
    }
}
