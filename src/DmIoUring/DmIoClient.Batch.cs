namespace DmIoUring;

/// <content>Several requests at once.</content>
public sealed partial class DmIoClient
{
    /// <summary>
    /// Submits requests together: they go to one lane by one hand-over, which wakes it once, and to the kernel by one call. In a callback they
    /// join what its lane hands over next, like any request that a callback submits.
    /// </summary>
    /// <param name="requests">The requests, not used after the call returns. They are not ordered among each other. None is fine.</param>
    /// <exception cref="ArgumentException">One of the requests can't be meant so; the message says what and why. None of them was submitted.</exception>
    /// <exception cref="ObjectDisposedException">
    /// The client, a device or a buffer was disposed. None was submitted, unless it happened while this call waited for requests past the reserve.
    /// </exception>
    /// <remarks>Past a reserve, this hands over what it has and waits for the rest in order of arrival; in a callback it never waits.</remarks>
    public void Submit(ReadOnlySpan<IoRequest> requests)
    {
        _submission.Submit(requests);
        GC.KeepAlive(this);
    }
}
