namespace DmIoUring.Memory;

/// <summary>A thread that sleeps until it has its pages. A thread waits for one thing at a time, so it needs one of these only.</summary>
#pragma warning disable CA1001 // The event's WaitHandle is never asked for, and without one it holds nothing to dispose.
internal sealed class BlockingPageWaiter : PageWaiter
#pragma warning restore CA1001
{
    [ThreadStatic]
    private static BlockingPageWaiter? _ofThisThread;

    private readonly ManualResetEventSlim _signal = new(initialState: false, spinCount: 0);

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
    /// <exception cref="ThreadInterruptedException">Somebody interrupted the thread; the waiter may still be in the queue.</exception>
    public void Sleep() => _signal.Wait();

    public override void Signal() => _signal.Set();
}
