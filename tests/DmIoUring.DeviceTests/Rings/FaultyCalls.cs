using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.DeviceTests.Rings;

/// <summary>The kernel, but for io_uring_enter, which answers an errno when a test says so.</summary>
internal sealed unsafe class FaultyCalls : RingCalls
{
    private int _left;

    /// <summary>What it answers.</summary>
    public required int Answer { get; init; }

    /// <summary>Whether it takes the entries first.</summary>
    public bool TakesEntries { get; init; }

    /// <summary>Calls that were answered so.</summary>
    public int Answered { get; private set; }

    /// <summary>Has the next calls fail.</summary>
    public void Fail(int calls) => Volatile.Write(ref _left, calls);

    public override int Enter(int descriptor, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize)
    {
        if (Volatile.Read(ref _left) <= 0 || Interlocked.Decrement(ref _left) < 0)
            return base.Enter(descriptor, toSubmit, minComplete, flags, argument, argumentSize);
        Answered++;
        if (TakesEntries && toSubmit > 0)
            _ = base.Enter(descriptor, toSubmit, 0, flags & IoUring.IORING_ENTER_REGISTERED_RING, null, 0);
        return -Answer;
    }
}
