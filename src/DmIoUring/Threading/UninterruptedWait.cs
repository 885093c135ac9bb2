#pragma warning disable RS0030 // The one place that blocks.
using System.Diagnostics;

namespace DmIoUring.Threading;

/// <summary>
/// Waits that <see cref="Thread.Interrupt"/> neither ends nor gets lost in: the kernel has the memory, or a transfer or a change is half
/// way. The interrupt is kept for the thread's next wait that allows one.
/// </summary>
internal static class UninterruptedWait
{
    /// <summary>Does something that may block, again and again until no interrupt has ended it.</summary>
    /// <param name="target">What it is done to.</param>
    /// <param name="step">Blocks before it changes anything, so that it may be repeated.</param>
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

    /// <summary>Waits for a task, whatever comes of it.</summary>
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

    /// <summary>Waits for tasks, whatever comes of them.</summary>
    public static void WaitForAll(Task[] tasks, TimeSpan limit) => WaitFor(Task.WhenAll(tasks), limit);

    /// <summary>Unregisters a callback and waits for it if it is just running. The framework sleeps between its looks.</summary>
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
