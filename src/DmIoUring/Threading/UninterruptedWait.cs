#pragma warning disable RS0030 // The one place that blocks.
using System.Diagnostics;

namespace DmIoUring.Threading;

/// <summary>
/// Waits that <see cref="Thread.Interrupt"/> does not end, because the kernel uses the memory, or a transfer or a change is half done. The interrupt
/// is kept for the thread's next wait that allows one.
/// </summary>
internal static class UninterruptedWait
{
    /// <summary>Calls a method that may block, and repeats the call while an interrupt ends it.</summary>
    /// <param name="target">The method's argument.</param>
    /// <param name="step">The method. It must block before it changes anything, so that it can be repeated.</param>
    public static void Run<T>(T target, Action<T> step)
    {
        bool interrupted = false;
        while (true)
        {
            try
            {
                step(target);
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

    /// <summary>Waits for a task; its exception is not thrown.</summary>
    /// <returns>Whether it ended within the limit.</returns>
    public static bool WaitFor(Task task, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        bool ended = false;
        Run(task, waited =>
        {
            TimeSpan left = limit == Timeout.InfiniteTimeSpan ? limit : limit - Stopwatch.GetElapsedTime(start);
            bool mayWait = left > TimeSpan.Zero || limit == Timeout.InfiniteTimeSpan;
            ended = waited.IsCompleted || (mayWait && Task.WhenAny(waited).Wait(left));
        });
        return ended;
    }

    /// <summary>Waits for tasks; their exceptions are not thrown.</summary>
    public static void WaitForAll(Task[] tasks, TimeSpan limit) => WaitFor(Task.WhenAll(tasks), limit);

    /// <summary>Unregisters a callback and waits for it if it is running.</summary>
    public static void Dispose(CancellationTokenRegistration registration) => Run(registration, static one => one.Dispose());

    /// <summary>Sleeps. An interrupt cuts it short, and is kept.</summary>
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
