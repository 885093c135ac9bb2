namespace DmIoUring.Engine;

/// <summary>The judgement on one call's result.</summary>
/// <param name="Step">What to do.</param>
/// <param name="Advance">Bytes that count as transferred.</param>
/// <param name="Delay">Nanoseconds to wait before the same is tried again.</param>
/// <param name="Errno">Why it failed.</param>
/// <param name="Cause">Who says so.</param>
internal readonly record struct TransferVerdict(
    TransferStep Step, uint Advance = 0, long Delay = 0, int Errno = 0, IoFailureCause Cause = IoFailureCause.None);
