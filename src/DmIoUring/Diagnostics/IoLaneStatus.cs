namespace DmIoUring;

/// <summary>What a client's lane does now.</summary>
/// <param name="Lane">Its index.</param>
/// <param name="ActiveRequests">Requests that it has and that have not ended. Those that it has not taken yet, because a callback holds it, are not among them.</param>
/// <param name="DispatchingFor">
/// How long it has been processing one batch of completions, callbacks included; zero when it is not. More than a moment means that a callback blocks it, and
/// everybody whose requests it carries.
/// </param>
/// <param name="LastDevice">
/// The path of a device of the request that ended last: while a callback blocks the lane, of that callback's request. <see langword="null"/> while none has ended.
/// </param>
public sealed record IoLaneStatus(int Lane, long ActiveRequests, TimeSpan DispatchingFor, string? LastDevice);
