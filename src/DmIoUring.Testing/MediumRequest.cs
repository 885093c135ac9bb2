namespace DmIoUring.Testing;

/// <summary>One request as a <see cref="FaultyMedium"/> saw it. Begin and end count in one sequence over all requests of the medium, or of all disks of a simulation.</summary>
/// <param name="Operation">What was asked.</param>
/// <param name="Offset">Bytes; 0 for a flush.</param>
/// <param name="Length">Bytes; 0 for a flush.</param>
/// <param name="Durable">Whether a write was asked to be on the medium when it ends (FUA, O_DSYNC).</param>
/// <param name="Begin">Its position in the sequence when it came.</param>
/// <param name="End">Its position in the sequence when it was answered; <see langword="null"/> while it was not.</param>
/// <param name="Errno">How it was answered; 0 for success.</param>
public sealed record MediumRequest(
    MediumOperations Operation, long Offset, long Length, bool Durable, int Begin, int? End, int Errno)
{
    /// <summary>The first of its sectors, of 512 bytes.</summary>
    public long Sector => Offset / 512;

    /// <summary>Whether this one was answered before the other one came.</summary>
    /// <param name="other">A request of the same medium, or of another disk of the same simulation.</param>
    /// <returns><see langword="true"/> when it was.</returns>
    public bool EndedBefore(MediumRequest other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return End < other.Begin;
    }
}
