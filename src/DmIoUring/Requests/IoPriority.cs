namespace DmIoUring;

/// <summary>The I/O priority of one request, as the I/O scheduler sees it.</summary>
/// <param name="Class">The class.</param>
/// <param name="Level">0, the highest, to 7 within the class.</param>
public readonly record struct IoPriority(IoPriorityClass Class, int Level = 0)
{
    private const int ClassShift = 13;

    /// <summary>Whether there is such a priority.</summary>
    internal bool IsValid => Class is >= IoPriorityClass.None and <= IoPriorityClass.Idle && Level is >= 0 and <= 7;

    /// <summary>IOPRIO_PRIO_VALUE.</summary>
    internal ushort Value => Class == IoPriorityClass.None ? (ushort)0 : (ushort)(((int)Class << ClassShift) | Level);
}

/// <summary>The kernel's classes of I/O priority; include/uapi/linux/ioprio.h.</summary>
public enum IoPriorityClass
{
    /// <summary>The priority of the submitting task.</summary>
    None = 0,

    /// <summary>Served before all others; needs CAP_SYS_ADMIN or CAP_SYS_NICE.</summary>
    RealTime = 1,

    /// <summary>The default class, with eight levels.</summary>
    BestEffort = 2,

    /// <summary>Only when nobody else wants the device.</summary>
    Idle = 3,
}
