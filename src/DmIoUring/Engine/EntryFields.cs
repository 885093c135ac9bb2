namespace DmIoUring.Engine;

/// <summary>The part of a submission entry that depends on what it does; include/uapi/linux/io_uring.h.</summary>
/// <param name="Opcode">IORING_OP_*.</param>
/// <param name="Offset"><c>off</c>; the command of an IORING_OP_URING_CMD.</param>
/// <param name="Address"><c>addr</c>.</param>
/// <param name="Length"><c>len</c>.</param>
/// <param name="Flags">The operation's own flags: RWF_*, IORING_FSYNC_*, poll events.</param>
/// <param name="Address3"><c>addr3</c>.</param>
/// <param name="EntryFlags">IOSQE_* beside the chunk's own.</param>
/// <param name="HasPriority">Whether the request's I/O priority applies: other operations answer EINVAL to one.</param>
internal readonly record struct EntryFields(
    byte Opcode, ulong Offset, ulong Address, uint Length, uint Flags = 0, ulong Address3 = 0, byte EntryFlags = 0, bool HasPriority = false);
