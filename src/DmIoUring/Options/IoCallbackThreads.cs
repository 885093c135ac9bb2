namespace DmIoUring;

/// <summary>Which threads a client's callbacks run on.</summary>
public enum IoCallbackThreads
{
    /// <summary>
    /// The lane's: nothing is handed over, and what a callback submits goes with the lane's next submission. A callback that blocks holds up every request of its
    /// lane, and may wait for ever if it waits for one of those.
    /// </summary>
    Lane,

    /// <summary>
    /// The thread pool's, in no order, several at once. A callback may block, and may wait for other requests. A hand-over is a thread switch, as for
    /// an awaited request, and allocates nothing.
    /// </summary>
    ThreadPool,
}
