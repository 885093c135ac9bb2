using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Support;

/// <summary>A process whose thread pool does nothing more. Only for a process of its own: no other test would get a thread.</summary>
internal static class FullThreadPool
{
    /// <summary>Runs something on a thread of its own while every thread of the pool is taken, and asserts that it ends without an exception.</summary>
    public static void Run(Action action)
    {
        // Not disposed: the pool's threads wait for it still when this returns.
        ManualResetEventSlim end = new();
        Exception? thrown = null;
        Thread thread = new(() => thrown = Record.Exception(action));
        ThreadPool.SetMaxThreads(Environment.ProcessorCount, Environment.ProcessorCount);
        for (int i = 0; i < 1000; i++)
            ThreadPool.UnsafeQueueUserWorkItem(static end => end.Wait(), end, preferLocal: false);
        thread.Start();
        bool ended = thread.Join(Notification.Limit);
        end.Set();
        Assert.True(ended, "Something waits for the thread pool.");
        Assert.Null(thrown);
    }
}
