namespace DmIoUring.Rings;

/// <summary>Waits that <see cref="Thread.Interrupt"/> does not end: the kernel has the memory, or a transfer is half way.</summary>
internal static class UninterruptedWait
{
    /// <summary>Waits for an event. An interrupt of the thread meanwhile is kept for the next wait that allows it.</summary>
    public static void WaitUninterrupted(this ManualResetEventSlim signal)
    {
        bool interrupted = false;
        while (true)
        {
            try
            {
                signal.Wait();
                break;
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }

        if (interrupted)
            Thread.CurrentThread.Interrupt();
    }

    /// <summary>Enters a lock, as <see cref="Monitor.Enter(object)"/>. An interrupt is kept for the next wait that allows it.</summary>
    public static void Enter(object gate)
    {
        bool interrupted = false;
        while (true)
        {
            try
            {
                Monitor.Enter(gate);
                break;
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }

        if (interrupted)
            Thread.CurrentThread.Interrupt();
    }

    /// <summary>Sleeps. An interrupt cuts it short, and is kept for the next wait that allows it.</summary>
    public static void Sleep(TimeSpan time)
    {
        try
        {
            Thread.Sleep(time);
        }
        catch (ThreadInterruptedException)
        {
            Thread.CurrentThread.Interrupt();
        }
    }
}
