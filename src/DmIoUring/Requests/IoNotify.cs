namespace DmIoUring;

/// <summary>Called once when a request has ended. dm-io's <c>io_notify_fn</c>.</summary>
/// <param name="result">How it ended.</param>
/// <param name="context">What the caller gave with the request.</param>
/// <remarks>
/// Runs on a lane's thread, or in a reactor's <see cref="IoReactor.Poll"/>. The request's buffer belongs to the caller again and the request is back in its
/// pool, so the callback may submit more and may dispose the client. It must not block: every request on that lane waits
/// meanwhile. A callback that throws is counted and reported (<see cref="IoDriverOptions.CallbackFailed"/>), and the lane continues.
/// </remarks>
public delegate void IoNotify(IoResult result, object? context);
