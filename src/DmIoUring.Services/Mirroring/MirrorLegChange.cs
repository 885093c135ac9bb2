namespace DmIoUring.Services;

/// <summary>A leg of a <see cref="MirrorDevice"/> has changed its state.</summary>
/// <param name="Leg">The leg as it is after the change.</param>
/// <param name="Before">Its state before.</param>
public sealed record MirrorLegChange(MirrorLegStatus Leg, MirrorLegState Before);
