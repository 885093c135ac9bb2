using DmIoUring.Threading;

namespace DmIoUring.Memory;

/// <summary>A renter that blocks its thread. One object a thread: a thread waits for one rental at a time.</summary>
internal sealed class BlockingPageWaiter : PageWaiter
{
    [ThreadStatic]
    private static BlockingPageWaiter? _ofThisThread;

    private readonly UninterruptedEvent _signal = new();

    /// <summary>The calling thread's waiter, reset.</summary>
    public static BlockingPageWaiter OfThisThread()
    {
        BlockingPageWaiter waiter = _ofThisThread ??= new BlockingPageWaiter();
        waiter._signal.Reset();
        return waiter;
    }

    /// <summary>Makes the thread use a new object next time, because this one may be signalled later.</summary>
    public static void Abandon() => _ofThisThread = null;

    /// <summary>Sleeps until signalled.</summary>
    /// <param name="interruptible">Whether an interrupt of the thread ends the wait; otherwise the interrupt is kept for a later wait.</param>
    /// <exception cref="ThreadInterruptedException">The thread was interrupted; the waiter may still be in the queue.</exception>
    public void Sleep(bool interruptible)
    {
        if (interruptible)
            _signal.WaitUnlessInterrupted();
        else
            _signal.Wait();
    }

    public override void Signal() => _signal.Set();
}
