namespace DmIoUring;

/// <summary>One ability of the host's rings, and why it is off where it is.</summary>
/// <param name="Name">The kernel's name of it: <c>IORING_SETUP_DEFER_TASKRUN</c>, <c>IORING_OP_READV_FIXED</c>.</param>
/// <param name="IsAvailable">Whether this host has it.</param>
/// <param name="Reason">Why not, or what it is good for.</param>
public sealed record IoFeature(string Name, bool IsAvailable, string Reason);
