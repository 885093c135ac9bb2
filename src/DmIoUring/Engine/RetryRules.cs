using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <summary>Decides what follows a result: done, continue after a short transfer, retry, or fail. The same for a ring's completion and for preadv2's result.</summary>
internal static class RetryRules
{
    /// <summary>The most retries in a row without progress; about half a second with the delays.</summary>
    public const int MaxAttempts = 64;

    /// <summary>How many retries one counts for that transferred less than a block.</summary>
    public const int PartialBlockCost = 8;

    private const int ImmediateAttempts = 8;
    private const long FirstDelay = 50_000;
    private const long LongestDelay = 10_000_000;

    /// <summary>Whether an errno means that the operation is not supported, rather than that it failed; dm-io's unsup_bits.</summary>
    public static bool IsUnsupported(int errno) => errno is Errno.EINVAL or Errno.EOPNOTSUPP;

    /// <summary>Decides what follows the result of a transfer.</summary>
    /// <param name="result">Bytes transferred, or the negated errno.</param>
    /// <param name="length">Bytes asked for.</param>
    /// <param name="alignment">What the offset of the continued transfer must be a multiple of, a power of two.</param>
    /// <param name="attempts">Retries so far without progress; updated here.</param>
    /// <remarks>
    /// A short transfer continues from the last multiple of the alignment. Example: of 8,192 bytes, with 4,096-byte blocks, 4,608 were transferred.
    /// Then 4,096 count as done, and the next transfer is 4,096 bytes, 512 of them a second time. EAGAIN may follow a partial transfer that the
    /// kernel does not report, so the whole transfer is retried.
    /// </remarks>
    public static RetryDecision Decide(long result, uint length, int alignment, ref byte attempts)
    {
        if (result == length)
            return new RetryDecision(RetryAction.Done, length);
        if (result == 0)
            return new RetryDecision(RetryAction.Fail, Errno: Errno.EIO, Cause: IoFailureCause.EndedEarly);
        if (result > 0)
        {
            uint advance = (uint)result & ~((uint)alignment - 1);
            if (advance != 0)
            {
                attempts = 0;
                return new RetryDecision(RetryAction.Continue, advance);
            }

            // Less than a block usually means that the file ends there: neither a delay nor many retries help.
            RetryDecision retry = RetryOrFail(Errno.EIO, IoFailureCause.EndedEarly, ref attempts, cost: PartialBlockCost);
            return retry with { Delay = 0 };
        }

        int errno = (int)-result;
        return DecideErrno(errno, ref attempts);
    }

    /// <summary>The same for an operation without data: a flush, a discard, zeroes by the device.</summary>
    /// <param name="result">0, or the negated errno.</param>
    /// <param name="attempts">Retries so far without progress; updated here.</param>
    public static RetryDecision DecideWithoutData(int result, ref byte attempts)
    {
        if (result >= 0)
            return new RetryDecision(RetryAction.Done);
        return DecideErrno(-result, ref attempts);
    }

    /// <summary>ECANCELED here means that the kernel can't start a worker thread: the engine handles cancelled requests before it asks.</summary>
    private static RetryDecision DecideErrno(int errno, ref byte attempts) => errno switch
    {
        Errno.EAGAIN or Errno.EINTR => RetryOrFail(errno, IoFailureCause.RetriesExhausted, ref attempts),
        Errno.ECANCELED => RetryOrFail(errno, IoFailureCause.Host, ref attempts),
        Errno.ENOMEM or Errno.EMFILE or Errno.ENFILE => new RetryDecision(RetryAction.Fail, Errno: errno, Cause: IoFailureCause.Host),
        _ => new RetryDecision(RetryAction.Fail, Errno: errno, Cause: IoFailureCause.Device),
    };

    private static RetryDecision RetryOrFail(int errno, IoFailureCause cause, ref byte attempts, int cost = 1)
    {
        if (attempts >= MaxAttempts)
            return new RetryDecision(RetryAction.Fail, Errno: errno, Cause: cause);
        attempts += (byte)cost;
        long delay = attempts <= ImmediateAttempts
            ? 0
            : Math.Min(FirstDelay << Math.Min(attempts - ImmediateAttempts - 1, 16), LongestDelay);
        return new RetryDecision(RetryAction.Retry, Delay: delay);
    }
}

/// <summary>The decision on the result of one call.</summary>
/// <param name="Action">What to do.</param>
/// <param name="Advance">Bytes that count as transferred.</param>
/// <param name="Delay">Nanoseconds to wait before the retry.</param>
/// <param name="Errno">Why it failed.</param>
/// <param name="Cause">The cause.</param>
internal readonly record struct RetryDecision(
    RetryAction Action, uint Advance = 0, long Delay = 0, int Errno = 0, IoFailureCause Cause = IoFailureCause.None);

/// <summary>What to do after the result of one call.</summary>
internal enum RetryAction : byte
{
    /// <summary>All of it was transferred.</summary>
    Done,

    /// <summary>A part was transferred: continue with the rest.</summary>
    Continue,

    /// <summary>Nothing counts as transferred: the same again, after the decision's delay.</summary>
    Retry,

    /// <summary>It failed permanently.</summary>
    Fail,
}
