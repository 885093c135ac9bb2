namespace DmIoUring.Tests.Client;

/// <summary>What a <see cref="CallWay"/> is made of: a ring, and a shape of the call.</summary>
internal static class CallWays
{
    /// <summary>The same call on io_uring.</summary>
    public static CallWay Shape(this CallWay way) => way switch
    {
        CallWay.WorkerSync => CallWay.Sync,
        CallWay.WorkerSyncOnLane => CallWay.SyncOnLane,
        CallWay.WorkerCallback => CallWay.Callback,
        CallWay.WorkerAwaited => CallWay.Awaited,
        _ => way,
    };

    public static DmIoClient NewClient(this CallWay way, DmIoOptions options)
    {
        if (way.Shape() == CallWay.SyncOnLane)
            options = options with { SyncRings = 0 };
        return new DmIoClient(way == way.Shape() ? options : options with { Ring = IoRingKind.Workers });
    }
}
