namespace DmIoUring;

/// <content>Several requests at once.</content>
public sealed partial class DmIoClient
{
    /// <summary>
    /// Submits requests as a batch: one lane receives all of them at once, is woken at most once, and submits them to the kernel by one call.
    /// Called in a callback, the batch goes with the lane's next submission, like any request that a callback submits.
    /// </summary>
    /// <param name="requests">The requests, not used after the call returns. They are not ordered among each other. An empty batch is valid.</param>
    /// <exception cref="ArgumentException">One of the requests is invalid; the message says which and why. None of them was submitted.</exception>
    /// <exception cref="ObjectDisposedException">
    /// The client, a device or a buffer was disposed. None was submitted, unless it happened while this call waited because the reserve was exhausted.
    /// </exception>
    /// <remarks>When the reserve is exhausted, the requests that are ready are submitted first, and the call waits for more, in order of arrival. In a callback it never waits.</remarks>
    public void Submit(ReadOnlySpan<IoRequest> requests)
    {
        _submission.Submit(requests);
        GC.KeepAlive(this);
    }
}
