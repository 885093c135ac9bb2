using DmIoUring.Engine;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>Rings of the kernel's io_uring.</summary>
internal sealed class KernelRingSource : TypedRingSource<KernelRing>
{
    private IoCapabilities? _capabilities;

    public override IoCapabilities Capabilities => _capabilities ?? RingProbe.Run();

    public override IoEngine MakeEngine(int capacity, EngineSettings settings) => settings.Ring.PollsCompletions
        ? new IoEngine<PolledRing<KernelRing>>(MakePolled(capacity, settings.Ring), settings)
        : base.MakeEngine(capacity, settings);

    public override void Dispose()
    {
    }

    private PolledRing<KernelRing> MakePolled(int capacity, in RingPlan plan)
    {
        KernelRing polled = Make(capacity, plan);
        try
        {
            return new PolledRing<KernelRing>(polled, Make(capacity, default));
        }
        catch
        {
            polled.Dispose();
            throw;
        }
    }

    protected override KernelRing Make(int capacity, in RingPlan plan)
    {
        KernelRingHandle handle = KernelRingHandle.Create(capacity, plan);
        try
        {
            _capabilities ??= RingProbe.Describe(handle);
            return new KernelRing(handle, capacity);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
