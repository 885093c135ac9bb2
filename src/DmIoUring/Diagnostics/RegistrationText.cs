using DmIoUring.Interop;

namespace DmIoUring.Diagnostics;

/// <summary>What registering something with a ring answered, in words.</summary>
internal static class RegistrationText
{
    public static IoFeature OfPages(bool isWanted, int? errno, int? cloneErrno) => new("IORING_REGISTER_BUFFERS2", isWanted && errno == 0, errno switch
    {
        _ when !isWanted => "not asked for: FixedBuffers is false",
        null => "nothing was registered yet: it is tried with the first request after a reservation",
        0 => "pool pages travel as fixed buffers" + cloneErrno switch
        {
            null => ", pinned by each ring",
            0 => ", pinned once for all rings",
            _ => $", pinned by each ring: cloning its table answered {Errno.Name(cloneErrno.Value)}",
        },
        Errno.ENOMEM => "the ring may not pin that much (ENOMEM): raise RLIMIT_MEMLOCK (ulimit -l), or reserve less",
        Errno.EMFILE or Errno.ENFILE =>
            $"no descriptor was left for the table that rings share ({Errno.Name(errno.Value)}): raise RLIMIT_NOFILE (ulimit -n); it is tried again with the next reservation",
        Errno.EOPNOTSUPP => "worker threads carry this client, and only a ring of the kernel's has registered buffers",
        Errno.EINVAL => "this kernel's rings have no sparse buffer tables (EINVAL): they came with 5.19",
        _ => $"registering answered {Errno.Name(errno.Value)}",
    });

    public static IoFeature OfDevices(bool isWanted, int? errno) => new("IORING_REGISTER_FILES2", isWanted && errno == 0, errno switch
    {
        _ when !isWanted => "not asked for: FixedFiles is false",
        null => "nothing was registered yet: it is tried with the first request on a device",
        0 => "devices travel as fixed files",
        Errno.EMFILE => "the table of files is longer than RLIMIT_NOFILE allows (EMFILE): raise it (ulimit -n)",
        Errno.EOPNOTSUPP => "worker threads carry this client, and only a ring of the kernel's has registered files",
        Errno.EBUSY => "this kernel keeps a file open after it was removed from a ring, so that a disposed device would stay busy (EBUSY); later kernels do not",
        Errno.EINVAL => "this kernel's rings have no sparse file tables (EINVAL): they came with 5.19",
        _ => $"registering answered {Errno.Name(errno.Value)}",
    });
}
