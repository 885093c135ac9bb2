using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>Rings of the kernel's io_uring.</summary>
internal sealed class KernelRingSource : TypedRingSource<KernelRing>
{
    private IoCapabilities? _capabilities;

    public override IoCapabilities Capabilities => _capabilities ?? RingProbe.Run();

    public override void Dispose()
    {
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
