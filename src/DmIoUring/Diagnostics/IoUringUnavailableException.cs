namespace DmIoUring;

/// <summary>io_uring can't be used on this host; the message names the cause and what would help.</summary>
public sealed class IoUringUnavailableException : IOException
{
    internal IoUringUnavailableException(IoUringRefusal refusal, int errno, string message)
        : base(message, errno)
    {
        Refusal = refusal;
        Errno = errno;
    }

    /// <summary>Which of the known causes it is.</summary>
    public IoUringRefusal Refusal { get; }

    /// <summary>What the kernel answered.</summary>
    public int Errno { get; }
}
