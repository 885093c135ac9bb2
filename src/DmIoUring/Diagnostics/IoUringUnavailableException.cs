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

/// <summary>Why a host has no io_uring.</summary>
public enum IoUringRefusal
{
    /// <summary>None of the known causes; only the errno is known.</summary>
    Unknown,

    /// <summary>The kernel has no io_uring: older than 5.1, or built without it (ENOSYS).</summary>
    NotInKernel,

    /// <summary>The kernel's io_uring lacks a feature that this library needs.</summary>
    TooOld,

    /// <summary><c>kernel.io_uring_disabled</c> is 1 or 2 (EPERM).</summary>
    Sysctl,

    /// <summary>A seccomp filter, as in many container profiles (EPERM or ENOSYS).</summary>
    Seccomp,

    /// <summary>The locked-memory limit, or the memory, is too small for the ring (ENOMEM).</summary>
    Memory,

    /// <summary>Too many open files (EMFILE, ENFILE).</summary>
    OpenFiles,
}
