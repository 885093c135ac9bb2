using DmIoUring.Threading;

namespace DmIoUring.Memory;

/// <summary>A thread that sleeps until it has its pages. A thread waits for one thing at a time, so it needs one of these only.</summary>
internal sealed class BlockingPageWaiter : PageWaiter
{
    [ThreadStatic]
    private static BlockingPageWaiter? _ofThisThread;

    private readonly UninterruptedEvent _signal = new();

    /// <summary>The calling thread's, ready to wait.</summary>
    public static BlockingPageWaiter OfThisThread()
    {
        BlockingPageWaiter waiter = _ofThisThread ??= new BlockingPageWaiter();
        waiter._signal.Reset();
        return waiter;
    }

    /// <summary>Has the thread get another one next time: this one may be signalled after it was given up.</summary>
    public static void Abandon() => _ofThisThread = null;

    /// <summary>Sleeps until signalled.</summary>
    /// <param name="interruptible">Whether an interrupt of the thread ends the wait; else it is kept.</param>
    /// <exception cref="ThreadInterruptedException">Somebody interrupted the thread; the waiter may still be in the queue.</exception>
    public void Sleep(bool interruptible)
    {
        if (interruptible)
            _signal.WaitUnlessInterrupted();
        else
            _signal.Wait();
    }

    public override void Signal() => _signal.Set();
}
