using DmIoUring.Drivers;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.DeviceTests.Rings;

/// <summary>Rings of this kernel, set up as an older one would: it refuses the flags that it does not know.</summary>
internal sealed unsafe class OlderRingSource(uint known) : TypedRingSource<KernelRing>
{
    public const uint Always = IoUring.IORING_SETUP_CQSIZE | IoUring.IORING_SETUP_R_DISABLED | IoUring.IORING_SETUP_CLAMP;

    public override IoCapabilities Capabilities { get; } = new("io_uring", "older", []);

    public override void Dispose()
    {
    }

    protected override KernelRing Make(int capacity, in RingPlan plan) => new(KernelRingHandle.Create(capacity, plan, new OlderCalls(known)), capacity);

    private sealed class OlderCalls(uint known) : RingCalls
    {
        public override int Setup(uint entries, IoUringParams* parameters) =>
            (parameters->flags & ~(known | Always)) == 0 ? base.Setup(entries, parameters) : -Errno.EINVAL;
    }
}
