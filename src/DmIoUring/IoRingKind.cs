namespace DmIoUring;

/// <summary>What carries a client's I/O.</summary>
public enum IoRingKind
{
    /// <summary>
    /// io_uring; worker threads where the host has none, forbids it, or has no memory for it. <see cref="DmIoClient.Capabilities"/> says
    /// which it is and why.
    /// </summary>
    Automatic,

    /// <summary>io_uring or nothing: the client's constructor throws where the host refuses it.</summary>
    IoUring,

    /// <summary>A few threads with preadv2, pwritev2, fdatasync and fallocate: everything works, slower.</summary>
    Workers,
}
