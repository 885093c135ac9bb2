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
        Run(task, waited => ended = waited.IsCompleted || HasEndedWithin(waited, Left(limit, start)));
        return ended;
    }

    /// <summary>Waits for tasks; their exceptions are not thrown.</summary>
    public static void WaitForAll(Task[] tasks, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (Task task in tasks)
            WaitFor(task, Left(limit, start));
    }

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

    private static TimeSpan Left(TimeSpan limit, long start)
    {
        if (limit == Timeout.InfiniteTimeSpan)
            return limit;
        TimeSpan left = limit - Stopwatch.GetElapsedTime(start);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>
    /// Not by Task.WhenAny or Task.WhenAll: where the task's continuations run asynchronously, a thread of the thread pool would have to end
    /// those, and there may be none.
    /// </summary>
    private static bool HasEndedWithin(Task task, TimeSpan limit)
    {
        try
        {
#pragma warning disable RS0030 // The one place that waits for a task.
            return task.Wait(limit);
#pragma warning restore RS0030
        }
        catch (AggregateException)
        {
            return true;
        }
    }
}
