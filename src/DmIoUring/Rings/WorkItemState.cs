namespace DmIoUring.Rings;

/// <summary>How far a <see cref="WorkItem"/> is; the crew's lock guards the way from queued to running.</summary>
internal enum WorkItemState : byte
{
    /// <summary>Its owner's.</summary>
    Free,

    /// <summary>In the crew's queue; can be cancelled.</summary>
    Queued,

    /// <summary>In a system call; nothing gets it back from there.</summary>
    Running,
}
