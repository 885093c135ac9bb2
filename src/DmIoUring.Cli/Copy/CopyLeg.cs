using DmIoUring.Cli.Devices;

namespace DmIoUring.Cli.Copy;

/// <summary>One destination while the copy runs.</summary>
internal sealed class CopyLeg(int region, CopyDestination destination)
{
    private readonly FirstFailure _difference = new();

    public int Region { get; } = region;

    public CopyDestination Destination { get; } = destination;

    public DeviceFile File => Destination.File;

    public BlockDevice Device => Destination.Device;

    /// <summary>The lowest piece whose write failed.</summary>
    public FirstFailure WriteFailure { get; } = new();

    public bool IsUnsupported { get; set; }

    public bool IsFlushed { get; private set; }

    public bool HasFailed => Failure is not null || WriteFailure.IsSet || _difference.IsSet;

    /// <summary>What the report says; set when the phase has ended.</summary>
    public CopyFailure? Failure { get; set; }

    /// <summary>Notes how the flush after the last write ended.</summary>
    public void EndFlush(in IoFailure failure)
    {
        IsFlushed = failure.Cause == IoFailureCause.None;
        if (!IsFlushed)
        {
            Failure = new CopyFailure(
                CopyPhase.Flush, failure.ErrnoName, Sector: null, IsExact: false, $"flush: {failure.ErrnoName}; what was written may be lost");
        }
    }

    public void NoteDifference(long sector) => _difference.Note(CopyPhase.Verify, sector, 1, failure: null);

    public void NoteUnreadable(IoFailure failure) => _difference.Note(CopyPhase.Verify, failure.Sector, 1, failure);

    public void EndVerify()
    {
        if (!_difference.IsSet)
            return;
        string? errno = _difference.Failure?.ErrnoName;
        Failure = new CopyFailure(
            CopyPhase.Verify, errno, _difference.Sector, IsExact: errno is null,
            errno is null
                ? FormattableString.Invariant($"differs from the source at sector {_difference.Sector}")
                : FormattableString.Invariant($"can't be read back at sector {_difference.Sector}: {errno}"));
    }
}
