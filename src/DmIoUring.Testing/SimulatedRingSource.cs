using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Testing;

/// <summary>Makes rings whose entries the disks of a simulation carry out.</summary>
internal sealed class SimulatedRingSource(StorageSimulation simulation) : TypedRingSource<WorkerRing>
{
    public override IoCapabilities Capabilities { get; } = new(
        "simulation",
        "none",
        [new("simulated disks", IsAvailable: true, "entries are carried out in memory, by DmIoUring.Testing"), new("io_uring", IsAvailable: false, "not asked for: the disks are simulated")]);

    public override object Home => simulation;

    public override int? RegistrationAnswer => Errno.EOPNOTSUPP;

    /// <summary>What is held or slow is answered by other threads.</summary>
    public override bool NeedsNoThread => false;

    public override void Dispose()
    {
    }

    public override IoEngine MakeEngine(int capacity, EngineSettings settings) => base.MakeEngine(
        capacity,
        settings with { FlushesSeparately = true, SystemCalls = simulation.NewExecutor() });

    protected override WorkerRing Make(int capacity, in RingPlan plan) => new(new WorkerQueues(simulation.NewExecutor(), capacity));
}
