namespace DmIoUring.Testing;

/// <summary>
/// What a power cut has done with the sectors, of 512 bytes, that were written and not durable, those of writes, discards and zeroes that were
/// in flight among them. What a failed flush had lost before is in neither number: it was no longer waiting to become durable.
/// </summary>
/// <param name="Lost">How many are as they were before.</param>
/// <param name="Kept">How many have what was written, or what one of several writes since the last flush had there.</param>
public readonly record struct PowerLoss(int Lost, int Kept);
