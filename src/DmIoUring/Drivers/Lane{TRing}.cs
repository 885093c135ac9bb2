using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>A lane on its kind of ring: a few calls a turn, none of them for an entry alone.</summary>
#pragma warning disable CA1001 // What it owns is its thread's, which lets go of it when it ends.
internal sealed class Lane<TRing> : Lane
    where TRing : struct, IRing
#pragma warning restore CA1001
{
    private readonly IoEngine<TRing> _engine;

    /// <summary>Starts the lane's thread on a ring that is not enabled yet, and which is the lane's from here on.</summary>
    /// <exception cref="InvalidOperationException">The thread could not take the ring over.</exception>
    public Lane(TRing ring, DmIoOptions options, PagePool pages, string name)
        : base(name)
    {
        _engine = new IoEngine<TRing>(ring, options.ChunkBytes, options.TimeLimitNanoseconds, pages) { Notify = Nudge };
        Start();
    }

    public override EngineCounters Counters => _engine.Counters;

    public override int RegisterErrno => _engine.RegisterErrno;

    protected override bool IsIdle => _engine.IsIdle;

    protected override void TakeOver(int eventfd)
    {
        _engine.Enable(register: true);
        _engine.WakeOn(eventfd);
    }

    protected override void Accept(Request oldest)
    {
        for (Request? next, request = oldest; request is not null; request = next)
        {
            next = request.Next;
            _engine.Accept(request);
        }
    }

    protected override void StopAskedRequests() => _engine.StopAskedRequests();

    protected override void Enter(bool wait) => _engine.Enter(wait);

    protected override void Dispatch() => _engine.Dispatch();

    protected override IReadOnlyList<IoPendingRequest> Survey() => _engine.Survey();

    protected override void Release() => _engine.Dispose();
}
