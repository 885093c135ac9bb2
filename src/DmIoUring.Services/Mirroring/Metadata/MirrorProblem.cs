namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>Why a mirror can't be opened with the legs that were found.</summary>
/// <param name="Leg">The leg that it is about; null for those that are missing.</param>
/// <param name="Refusal">What kind of refusal it is.</param>
/// <param name="Message">What was found, and what to do.</param>
internal sealed record MirrorProblem(FoundLeg? Leg, MirrorRefusal Refusal, string Message);
