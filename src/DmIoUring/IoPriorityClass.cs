namespace DmIoUring;

/// <summary>The kernel's classes of I/O priority; include/uapi/linux/ioprio.h.</summary>
public enum IoPriorityClass
{
    /// <summary>The submitting task's own.</summary>
    None = 0,

    /// <summary>Before all others; needs CAP_SYS_ADMIN or CAP_SYS_NICE.</summary>
    RealTime = 1,

    /// <summary>The usual one, in eight levels.</summary>
    BestEffort = 2,

    /// <summary>Only when nobody else wants the device.</summary>
    Idle = 3,
}
