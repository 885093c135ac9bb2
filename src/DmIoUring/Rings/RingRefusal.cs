using System.Globalization;
using DmIoUring.Diagnostics;
using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>Finds out why io_uring was refused, from the errno and the host's settings.</summary>
internal static class RingRefusal
{
    /// <summary>Explains a refusal by the settings of this host.</summary>
    /// <param name="errno">The errno of the call.</param>
    /// <param name="call">The call that was refused, where it is not io_uring_setup.</param>
    public static IoUringUnavailableException Explain(int errno, string? call = null) => Explain(
        errno,
        Line("/proc/sys/kernel/io_uring_disabled"),
        Line("/proc/self/status", "Seccomp:"),
        call);

    public static IoUringUnavailableException TooOld(uint missingFeatures) => new(
        IoUringRefusal.TooOld,
        0,
        string.Create(CultureInfo.InvariantCulture, $"This kernel's io_uring is too old: it lacks the features 0x{missingFeatures:x} ") +
        "(the newest that are needed came with 5.13). Use a newer kernel.");

    /// <summary>EINVAL for a ring with a processor for its polling thread: everything else that can be invalid was dropped one by one before.</summary>
    public static ArgumentOutOfRangeException NoSuchProcessor(int processor) =>
        OptionRange.Error("SubmissionProcessor", processor, "a processor that is online and of this process's cpuset; the kernel answered EINVAL");

    /// <summary>Explains a refusal by given settings.</summary>
    /// <param name="errno">The errno of io_uring_setup or mmap.</param>
    /// <param name="disabled">The sysctl kernel.io_uring_disabled (6.6), or null where there is none.</param>
    /// <param name="seccomp">The thread's seccomp mode: 0 none, 1 strict, 2 filter; null where unknown.</param>
    /// <param name="call">The call that was refused, where it is not io_uring_setup.</param>
    internal static IoUringUnavailableException Explain(int errno, string? disabled, string? seccomp, string? call = null)
    {
        (IoUringRefusal refusal, string reason) = errno switch
        {
            Errno.EPERM when disabled is "1" or "2" => (
                IoUringRefusal.Sysctl,
                $"the sysctl kernel.io_uring_disabled is {disabled}" +
                (disabled is "1" ? " and this process is neither privileged nor in kernel.io_uring_group" : "") +
                ". Set it to 0."),
            Errno.EPERM or Errno.EACCES or Errno.ENOSYS when seccomp is "2" => (
                IoUringRefusal.Seccomp,
                "a seccomp filter is active and most container profiles forbid io_uring. " +
                "Allow io_uring_setup, io_uring_enter and io_uring_register in the profile."),
            Errno.ENOSYS => (
                IoUringRefusal.NotInKernel,
                call is not null ? "this kernel has only a part of io_uring." : "this kernel has no io_uring: it is older than 5.1 or was built without CONFIG_IO_URING."),
            Errno.ENOMEM => (
                IoUringRefusal.Memory,
                "there is not enough memory, or the locked-memory limit is too small for the ring. " +
                "Raise RLIMIT_MEMLOCK (ulimit -l) or use a smaller QueueDepth."),
            Errno.EMFILE or Errno.ENFILE => (
                IoUringRefusal.OpenFiles,
                "too many files are open. Raise RLIMIT_NOFILE (ulimit -n)."),
            Errno.EPERM or Errno.EACCES => (
                IoUringRefusal.Unknown,
                "something on this host forbids it (a security module?); neither a seccomp filter nor kernel.io_uring_disabled does."),
            _ => (IoUringRefusal.Unknown, "for none of the causes that are known here."),
        };
        return new IoUringUnavailableException(refusal, errno, $"io_uring is refused ({Errno.Name(errno)}{(call is null ? "" : " to " + call)}): {reason}");
    }

    /// <summary>The value of a line; null where the file can't be read, or no descriptor is left to open it.</summary>
    private static string? Line(string path, string key = "")
    {
        try
        {
            string? line = File.ReadLines(path).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal));
            return line?[key.Length..].Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
