using DmIoUring.Engine;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>Makes rings of io_uring.</summary>
/// <param name="calls">The system calls; null for the kernel's.</param>
internal sealed class KernelRingSource(RingCalls? calls = null) : TypedRingSource<KernelRing>
{
    /// <summary>What the kernel's own calls answered to an earlier source of this process, where asking again can't change it.</summary>
    private static HostRings? _known;

    private HostRings? _host;
    private IoCapabilities? _capabilities;

    public override IoCapabilities Capabilities => _capabilities ?? Host.Capabilities;

    /// <summary>What the host's rings support, probed before the first ring. Threads may probe at the same time: the results are the same.</summary>
    private HostRings Host
    {
        get
        {
            if (Volatile.Read(ref _host) is { } host)
                return host;
            host = (calls is null ? Volatile.Read(ref _known) : null) ?? RingProbe.Run(calls);
            if (calls is null && host.IsFinal)
                Volatile.Write(ref _known, host);
            return Interlocked.CompareExchange(ref _host, host, null) ?? host;
        }
    }

    public override IoEngine MakeEngine(int capacity, EngineSettings settings)
    {
        if (settings.Pool is { } pool && Host.CloneAnswer == 0)
            pool.ShareRegistrations(new RegisteredBuffers(calls ?? RingCalls.Kernel));
        return settings.Ring.PollsCompletions
            ? new IoEngine<PolledRing<KernelRing>>(MakePolled(capacity, settings.Ring), settings, () => MakePolled(capacity, settings.Ring))
            : base.MakeEngine(capacity, settings);
    }

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
        HostRings host = Host;
        KernelRingHandle handle = KernelRingHandle.Create(capacity, plan, calls);
        handle.Operations = host.Operations;
        handle.FileTableAnswer = host.FileTableAnswer;
        _capabilities ??= RingProbe.Describe(handle, host.Others);
        return new KernelRing(handle, capacity);
    }
}
