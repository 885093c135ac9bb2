namespace DmIoUring;

/// <summary>
/// How a request ended: a bit for each region that failed, a bit for each that is unsupported, and the first failure.
/// A device's failure is always reported by this value and never by an exception.
/// </summary>
/// <param name="Failed">The regions where I/O failed; for a read, region 0.</param>
/// <param name="Unsupported">
/// The regions on which the device can't do what was asked (EINVAL, EOPNOTSUPP), so that a misaligned request does not
/// degrade a mirror; drivers/md/dm-io.c's <c>unsup_bits</c>. A region is in at most one of the two sets.
/// </param>
/// <param name="First">The lowest failure in either set; <see langword="default"/> when there is none.</param>
public readonly record struct IoResult(RegionBits Failed, RegionBits Unsupported, IoFailure First)
{
    /// <summary>Whether every region succeeded.</summary>
    public bool IsSuccess => Failed.IsEmpty && Unsupported.IsEmpty;

    /// <summary>Human-readable: <c>ok</c>, or the bits and the first failure.</summary>
    /// <returns>One line.</returns>
    public override string ToString()
    {
        if (IsSuccess)
            return "ok";
        string failed = Failed.IsEmpty ? "" : $"failed {Failed}";
        string unsupported = Unsupported.IsEmpty ? "" : $"unsupported {Unsupported}";
        string separator = Failed.IsEmpty || Unsupported.IsEmpty ? "" : ", ";
        return $"{failed}{separator}{unsupported}; first: {First}";
    }
}

/// <summary>Called once when a request has ended. dm-io's <c>io_notify_fn</c>.</summary>
/// <param name="result">How it ended.</param>
/// <param name="context">What the caller gave with the request.</param>
/// <remarks>
/// Runs on a lane's thread, or in a reactor's <see cref="IoReactor.Poll"/>. The request's buffer belongs to the caller again and the request is back in its
/// pool, so the callback may submit more and may dispose the client. It must not block: every request on that lane waits
/// meanwhile, and one that waits for such a request waits for ever. It may where callbacks are the thread pool's (<see cref="DmIoOptions.Callbacks"/>).
/// A callback that throws is counted and reported (<see cref="IoDriverOptions.CallbackFailed"/>), and the lane continues.
/// </remarks>
public delegate void IoNotify(IoResult result, object? context);
