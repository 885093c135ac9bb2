namespace DmIoUring.Cli.Mirroring;

/// <summary>A device that can't be used as a leg of the mirror.</summary>
/// <param name="Path">The device.</param>
/// <param name="Refusal">Why: no_metadata, foreign, split, no_source or unsuitable.</param>
/// <param name="Mirror">The mirror that its metadata names.</param>
/// <param name="Leg">Which of that mirror's legs it was.</param>
/// <param name="Reason">In words.</param>
internal sealed record MirrorDeviceReport(string Path, MirrorUnusable Refusal, Guid? Mirror, int? Leg, string Reason);
