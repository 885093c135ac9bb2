using DmIoUring.Interop;

namespace DmIoUring.Cli.Copy;

/// <summary>One destination while the copy runs.</summary>
internal sealed class CopyLeg(int region, CopyDestination destination)
{
    private readonly FirstFailure _difference = new();

    public int Region { get; } = region;

    public CopyDestination Destination { get; } = destination;

    public BlockDevice Device => Destination.Device;

    /// <summary>The lowest piece whose write failed.</summary>
    public FirstFailure WriteFailure { get; } = new();

    public bool IsUnsupported { get; set; }

    public bool IsFlushed { get; private set; }

    public bool HasFailed => Failure is not null || WriteFailure.IsSet || _difference.IsSet;

    /// <summary>What the report says; set when the phase has ended.</summary>
    public CopyFailure? Failure { get; set; }

    public void Flush()
    {
        int errno = Destination.Flush();
        IsFlushed = errno == 0;
        if (errno != 0)
            Failure = new CopyFailure(CopyPhase.Flush, Errno.Name(errno), Sector: null, IsExact: false, $"flush: {Errno.Name(errno)}; what was written may be lost");
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
