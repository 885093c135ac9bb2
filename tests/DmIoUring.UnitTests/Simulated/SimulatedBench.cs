using DmIoUring.DeviceTests.Client;
using DmIoUring.Testing;

namespace DmIoUring.UnitTests.Simulated;

/// <summary>A simulated disk of 1 MiB that is open.</summary>
internal sealed class SimulatedBench : IDisposable
{
    public const int Bytes = 1 << 20;

    public SimulatedBench(SimulatedDiskOptions? options = null, long seed = 1)
    {
        Simulation = new StorageSimulation(seed);
        Disk = Simulation.AddDisk(Bytes, options);
        Device = Disk.Open();
    }

    /// <summary>The ways in that are one shape of the call each.</summary>
    public static TheoryData<CallWay> Ways =>
    [
        CallWay.Sync, CallWay.SyncOnLane, CallWay.Callback, CallWay.Awaited, CallWay.NestedCallback, CallWay.Batch, CallWay.NestedBatch, CallWay.PoolCallback, CallWay.Reactor, CallWay.ReactorBatch,
    ];

    public StorageSimulation Simulation { get; }

    public SimulatedDisk Disk { get; }

    public BlockDevice Device { get; }

    public IoRegion Region(long sector, long count, long bufferOffset = 0) => new(Device, sector, count, bufferOffset);

    public ClientUnderTest NewClient(CallWay way, DmIoOptions? options = null)
    {
        ClientUnderTest client = new(way, options, new SimulatedRingSource(Simulation));
        client.Warm(Device);
        return client;
    }

    /// <summary>What reached the disk: operation, sector, bytes, durable, errno.</summary>
    public IEnumerable<(MediumOperations Operation, long Sector, long Length, bool Durable, int Errno)> Logged() =>
        Disk.Log.Select(static request => (request.Operation, request.Sector, request.Length, request.Durable, request.Errno));

    public bool IsDurable(long sector, ReadOnlySpan<byte> bytes) => bytes.SequenceEqual(Disk.ReadDurable(sector, bytes.Length / IoRegion.SectorSize));

    public void AcknowledgeDoubt()
    {
        Assert.NotNull(Device.Doubt);
        Assert.True(Device.AcknowledgeDoubt(Device.Doubt));
    }

    public void Dispose()
    {
        Device.Dispose();
        Simulation.Dispose();
    }
}
