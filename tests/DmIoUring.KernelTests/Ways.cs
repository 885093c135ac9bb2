namespace DmIoUring.KernelTests;

/// <summary>The data of theories that hold for every way.</summary>
public static class Ways
{
    public static TheoryData<Way> All => [.. Enum.GetValues<Way>()];

    /// <summary>The same call on io_uring.</summary>
    internal static Way Shape(this Way way) => way switch
    {
        Way.WorkerSync => Way.Sync,
        Way.WorkerCallback => Way.Callback,
        Way.WorkerAwaited => Way.Awaited,
        Way.WorkerReactor => Way.Reactor,
        _ => way,
    };

    internal static IoRingKind Ring(this Way way) => way == way.Shape() ? IoRingKind.IoUring : IoRingKind.Workers;
}
