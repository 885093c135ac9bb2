using System.Globalization;

namespace DmIoUring.Services;

/// <summary>How a job of a <see cref="CopyService"/> ended. The failures of devices are here, and never exceptions.</summary>
public sealed class CopyResult
{
    internal CopyResult()
    {
    }

    /// <summary>How it ended.</summary>
    public required CopyOutcome Outcome { get; init; }

    /// <summary>Bit <i>i</i>: destination <i>i</i> failed, in any piece or in the flush at the end. kcopyd's <c>write_err</c>.</summary>
    public required RegionBits Failed { get; init; }

    /// <summary>Bit <i>i</i>: destination <i>i</i> can't do what was asked (EINVAL, EOPNOTSUPP). A destination is in at most one of the two sets.</summary>
    public required RegionBits Unsupported { get; init; }

    /// <summary>The source's failure at its lowest sector, with region 0; cause <see cref="IoFailureCause.None"/> when it had none. kcopyd's <c>read_err</c>.</summary>
    /// <remarks>"Lowest" as in <see cref="IoFailure"/>: among the pieces that were tried.</remarks>
    public required IoFailure SourceFailure { get; init; }

    /// <summary>
    /// Each destination's failure at its lowest sector, with the destination's index as the region; cause <see cref="IoFailureCause.None"/> for those that had none. For
    /// a flush that failed, sector 0.
    /// </summary>
    public required IReadOnlyList<IoFailure> DestinationFailures { get; init; }

    /// <summary>
    /// What could not be read, ascending: left out (<see cref="CopyReadErrorPolicy.SkipPiece"/>), or zeroes on the destinations now
    /// (<see cref="CopyReadErrorPolicy.WriteZeroes"/>). Empty when the policy is to stop: <see cref="NextSector"/> is then where.
    /// </summary>
    public required IReadOnlyList<CopyRange> NotRead { get; init; }

    /// <summary>How many sectors were copied or zeroed in this run: those of the pieces that were written to at least one destination, without what is in <see cref="NotRead"/>.</summary>
    public required long SectorsCopied { get; init; }

    /// <summary>
    /// Where to resume (<see cref="CopyOptions.StartAt"/>), in sectors from the beginning of the regions: all before it is done, except for the destinations that have a
    /// bit and a policy other than to stop, and except for what is in <see cref="NotRead"/>. The count of the regions when nothing is left. Durable only after a flush,
    /// which a job that was cancelled, or ended by an exception, does not make.
    /// </summary>
    public required long NextSector { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>
    /// What ended the job from outside: a device or the client was disposed while it ran (<see cref="ObjectDisposedException"/>), or a region is of another simulation.
    /// <see langword="null"/> otherwise. <see cref="CopyService.CopyAsync"/> throws it.
    /// </summary>
    public Exception? Exception { get; init; }

    /// <summary>Human-readable: <c>Failed: 2048 sectors, next 2048; failed 0b10; source: region 0, sector 4096: EIO</c>.</summary>
    /// <returns>One line.</returns>
    public override string ToString()
    {
        string failed = Failed.IsEmpty ? "" : $"; failed {Failed}";
        string unsupported = Unsupported.IsEmpty ? "" : $"; unsupported {Unsupported}";
        string source = SourceFailure.Cause == IoFailureCause.None ? "" : $"; source: {SourceFailure}";
        string exception = Exception is null ? "" : $"; {Exception.Message}";
        return string.Create(CultureInfo.InvariantCulture, $"{Outcome}: {SectorsCopied} sectors, next {NextSector}{failed}{unsupported}{source}{exception}");
    }
}
