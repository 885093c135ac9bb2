namespace DmIoUring;

/// <summary>One feature of the host's rings or memory, and why it is not available where it is not.</summary>
/// <param name="Name">The kernel's name of it: <c>IORING_SETUP_DEFER_TASKRUN</c>, <c>IORING_OP_READV_FIXED</c>.</param>
/// <param name="IsAvailable">Whether this host has it.</param>
/// <param name="Reason">Why it is not available, or what it is used for.</param>
public sealed record IoFeature(string Name, bool IsAvailable, string Reason);
