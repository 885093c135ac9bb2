using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <summary>The rules for short transfers and for "come back later", the same for a ring's completion and for preadv2's result.</summary>
internal static class RetryRules
{
    /// <summary>Fruitless tries in a row before a transfer is given up; about half a second with the delays.</summary>
    public const int MaxAttempts = 64;

    /// <summary>For how many tries one counts that transferred less than a block.</summary>
    public const int PartialBlockCost = 8;

    private const int ImmediateAttempts = 8;
    private const long FirstDelay = 50_000;
    private const long LongestDelay = 10_000_000;

    /// <summary>Whether an errno says that the device can't do this at all, as against that it failed; dm-io's unsup_bits.</summary>
    public static bool IsUnsupported(int errno) => errno is Errno.EINVAL or Errno.EOPNOTSUPP;

    /// <summary>Judges a result.</summary>
    /// <param name="result">Bytes transferred, or the negated errno.</param>
    /// <param name="length">Bytes asked for.</param>
    /// <param name="alignment">What the next try's offset must be a multiple of, a power of two.</param>
    /// <param name="attempts">Fruitless tries so far; kept here.</param>
    /// <remarks>
    /// A short transfer goes on from the last boundary: of 8,192 bytes asked of a device with 4,096-byte blocks 4,608
    /// came, so 4,096 count, and the next try asks for 4,096, the odd 512 among them a second time.
    /// EAGAIN may follow a partial transfer that the kernel does not tell of, so the whole piece is tried again.
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

            // Less than a block is a file that ends there, as a rule: nothing is gained by giving it time, nor by many tries.
            RetryDecision retry = RetryOrFail(Errno.EIO, IoFailureCause.EndedEarly, ref attempts, cost: PartialBlockCost);
            return retry with { Delay = 0 };
        }

        int errno = (int)-result;
        return DecideErrno(errno, ref attempts);
    }

    /// <summary>Judges the result of a call that transfers nothing: a flush, a discard, zeroes by the device.</summary>
    /// <param name="result">0, or the negated errno.</param>
    /// <param name="attempts">Fruitless tries so far; kept here.</param>
    public static RetryDecision DecideWithoutData(int result, ref byte attempts)
    {
        if (result >= 0)
            return new RetryDecision(RetryAction.Done);
        return DecideErrno(-result, ref attempts);
    }

    /// <summary>ECANCELED that nobody asked for is the kernel's that can't start a worker: asked for cancellations are judged before.</summary>
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

/// <summary>The judgement on one call's result.</summary>
/// <param name="Action">What to do.</param>
/// <param name="Advance">Bytes that count as transferred.</param>
/// <param name="Delay">Nanoseconds to wait before the same is tried again.</param>
/// <param name="Errno">Why it failed.</param>
/// <param name="Cause">Who says so.</param>
internal readonly record struct RetryDecision(
    RetryAction Action, uint Advance = 0, long Delay = 0, int Errno = 0, IoFailureCause Cause = IoFailureCause.None);

/// <summary>What to do after one call transferred something, nothing, or failed.</summary>
internal enum RetryAction : byte
{
    /// <summary>All of it was transferred.</summary>
    Done,

    /// <summary>A part was transferred: go on with the rest.</summary>
    Continue,

    /// <summary>The same once more, after the verdict's delay.</summary>
    Retry,

    /// <summary>It failed for good.</summary>
    Fail,
}
