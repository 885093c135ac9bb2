using DmIoUring.Tests.Rings;

namespace DmIoUring.Tests.Client;

/// <summary>What a <see cref="CallWay"/> is made of: a ring, and a shape of the call.</summary>
internal static class CallWays
{
    private const int Seed = 20261123;

    /// <summary>The same call on io_uring.</summary>
    public static CallWay Shape(this CallWay way) => way switch
    {
        CallWay.WorkerSync => CallWay.Sync,
        CallWay.WorkerSyncOnLane => CallWay.SyncOnLane,
        CallWay.WorkerCallback => CallWay.Callback,
        CallWay.WorkerAwaited => CallWay.Awaited,
        CallWay.SeededSync => CallWay.Sync,
        CallWay.SeededCallback => CallWay.Callback,
        _ => way,
    };

    public static DmIoClient NewClient(this CallWay way, DmIoOptions options)
    {
        if (way.Shape() == CallWay.SyncOnLane)
            options = options with { SyncRings = 0 };
        return way switch
        {
            CallWay.SeededSync or CallWay.SeededCallback => new DmIoClient(options, new SeededRingSource(Seed)),
            _ when way == way.Shape() => new DmIoClient(options),
            _ => new DmIoClient(options with { Ring = IoRingKind.Workers }),
        };
    }
}
