namespace DmIoUring.Rings;

/// <summary>How the completion of an entry may be waited for. A ring without polling takes both alike.</summary>
internal enum EntryRoute : byte
{
    /// <summary>The device may be asked for it (IORING_SETUP_IOPOLL): a small read or write, in one piece, on a device that is not known to refuse that.</summary>
    MayPoll,

    /// <summary>It arrives by itself: everything else. An IOPOLL ring answers EINVAL to it (io_issue_defs, io_uring/opdef.c).</summary>
    NoPoll,

    /// <summary>A command to an NVMe namespace. By another ring, where this one does not take such (<see cref="IRing.CommandCalls"/>).</summary>
    Command,
}
