namespace DmIoUring;

/// <summary>What a client's lane does now.</summary>
/// <param name="Lane">Its index.</param>
/// <param name="ActiveRequests">Requests that it has and that have not ended. Those that it has not taken yet, because a callback holds it, are not among them.</param>
/// <param name="DispatchingFor">
/// How long it has been processing one batch of completions, callbacks included; zero when it is not. More than a moment means that a callback blocks it, and
/// everybody whose requests it carries.
/// </param>
/// <param name="LastDevice">
/// The path of the device whose completion it processed last: while a callback blocks the lane, that of the callback's request.
/// <see langword="null"/> where the device was opened from a handle, and where nothing has completed yet.
/// </param>
public sealed record IoLaneStatus(int Lane, long ActiveRequests, TimeSpan DispatchingFor, string? LastDevice);
