using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <summary>
/// Writes submission entries, for the fast path and for the slow path. It alone decides the opcode and the fields for a chunk; an unknown kind does
/// not compile, or throws before an entry is taken.
/// </summary>
internal static unsafe class EntryWriter
{
    /// <summary>Writes all words of an entry, each once.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="opcode">IORING_OP_*.</param>
    /// <param name="entryFlags">IOSQE_*.</param>
    /// <param name="priority">The I/O priority.</param>
    /// <param name="file">The descriptor, or the registered file's slot.</param>
    /// <param name="offset"><c>off</c>.</param>
    /// <param name="address"><c>addr</c>.</param>
    /// <param name="length"><c>len</c>.</param>
    /// <param name="flags">The operation's own flags.</param>
    /// <param name="userData"><c>user_data</c>, which its completion returns.</param>
    /// <param name="address3"><c>addr3</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(
        IoUringSqe* entry,
        byte opcode,
        byte entryFlags,
        ushort priority,
        int file,
        ulong offset,
        ulong address,
        uint length,
        uint flags,
        ulong userData,
        ulong address3 = 0)
    {
        ulong* words = (ulong*)entry;
        words[0] = opcode | ((ulong)entryFlags << 8) | ((ulong)priority << 16) | ((ulong)(uint)file << 32);
        words[1] = offset;
        words[2] = address;
        words[3] = length | ((ulong)flags << 32);
        words[4] = userData;
        words[5] = 0;
        words[6] = address3;
        words[7] = 0;
    }

    /// <summary>Writes a read or a write of one run of the request's memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteRun(
        IoUringSqe* entry, ChunkKind kind, byte entryFlags, ushort priority, int file, long offset, byte* memory, uint length, uint flags, ulong userData) =>
        Write(entry, RunOpcode(kind), entryFlags, priority, file, (ulong)offset, (ulong)memory, length, flags, userData);

    /// <summary>Writes the entry of any other chunk.</summary>
    public static void Write(IoUringSqe* entry, in EntryFields fields, Chunk* chunk, ushort priority, ulong userData) => Write(
        entry,
        fields.Opcode,
        (byte)(chunk->EntryFlags | fields.EntryFlags),
        fields.HasPriority ? priority : (ushort)0,
        chunk->File,
        fields.Offset,
        fields.Address,
        fields.Length,
        fields.Flags,
        userData,
        fields.Address3);

    /// <summary>The fields for a chunk that is not scattered.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="isBlockDevice">Whether its device is a block device; otherwise a regular file.</param>
    /// <param name="transferFlags">RWF_* of the request's data.</param>
    public static EntryFields FieldsOf(Chunk* chunk, bool isBlockDevice, uint transferFlags) => chunk->Kind switch
    {
        ChunkKind.Read or ChunkKind.Write => new(
            RunOpcode(chunk->Kind), (ulong)chunk->Offset, (ulong)chunk->Buffer, chunk->Length, transferFlags, HasPriority: true),

        // At most the zeroes there are: the rest is continued like a short transfer.
        ChunkKind.ZeroPages => new(
            IoUring.IORING_OP_WRITE,
            (ulong)chunk->Offset,
            (ulong)ZeroPages.Start,
            Math.Min(chunk->Length, ZeroPages.Length),
            HasPriority: true),
        ChunkKind.Flush => new(IoUring.IORING_OP_FSYNC, 0, 0, 0, IoUring.IORING_FSYNC_DATASYNC),

        // blkdev_uring_cmd, block/ioctl.c: start in addr, length in addr3. When its first attempt would sleep, a worker thread retries it, and
        // until Linux 7.1 (commit 212ec34e4e72) the worker reads start and length from the ring's slot again, which may hold another entry by then:
        // EINVAL, or a discard of the sectors that the other entry names. With IOSQE_ASYNC the kernel copies the entry when it
        // takes it (io_uring_cmd_prep, io_uring/uring_cmd.c).
        ChunkKind.Discard when isBlockDevice => new(
            IoUring.IORING_OP_URING_CMD, BlockAbi.BLOCK_URING_CMD_DISCARD, (ulong)chunk->Offset, 0, Address3: chunk->Length, EntryFlags: IoUring.IOSQE_ASYNC),
        ChunkKind.Discard => Allocation(chunk, FileAbi.FALLOC_FL_PUNCH_HOLE),
        ChunkKind.Zeroes => Allocation(chunk, FileAbi.FALLOC_FL_ZERO_RANGE),
        ChunkKind.Abandoned => throw new UnreachableException("An abandoned chunk is never issued again."),
        ChunkKind.DiscardByIoctl => throw new UnreachableException("A discard by ioctl does not use a ring."),
    };

    /// <summary>The fields for a scattered chunk.</summary>
    public static EntryFields ScatteredFieldsOf(Chunk* chunk, Iovec* vectors, uint count, uint transferFlags) => new(
        VectorOpcode(chunk->Kind), (ulong)chunk->Offset, (ulong)vectors, count, transferFlags, HasPriority: true);

    /// <summary>Changes the entry of a transfer of one run to use a registered buffer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void UseRegisteredRun(IoUringSqe* entry, ChunkKind kind, int slot)
    {
        entry->opcode = kind == ChunkKind.Read ? IoUring.IORING_OP_READ_FIXED
            : kind == ChunkKind.Write ? IoUring.IORING_OP_WRITE_FIXED
            : NoTransfer(kind);
        entry->buf_index = (ushort)slot;
    }

    /// <summary>Changes the entry of a scattered transfer to use a registered buffer.</summary>
    public static void UseRegisteredVectors(IoUringSqe* entry, ChunkKind kind, int slot)
    {
        entry->opcode = kind == ChunkKind.Read ? IoUring.IORING_OP_READV_FIXED
            : kind == ChunkKind.Write ? IoUring.IORING_OP_WRITEV_FIXED
            : NoTransfer(kind);
        entry->buf_index = (ushort)slot;
    }

    /// <summary>Writes a poll of an eventfd that stays armed from one event to the next.</summary>
    public static void WritePoll(IoUringSqe* entry, int descriptor, ulong userData) => Write(
        entry,
        IoUring.IORING_OP_POLL_ADD,
        entryFlags: 0,
        priority: 0,
        descriptor,
        offset: 0,
        address: 0,
        IoUring.IORING_POLL_ADD_MULTI,
        (uint)FileAbi.POLLIN,
        userData);

    /// <summary>Writes a poll of a ring's descriptor, for one event: the kernel ends a longer one of a ring after the first (EPOLL_URING_WAKE, io_uring/poll.c).</summary>
    public static void WriteSinglePoll(IoUringSqe* entry, int descriptor, ulong userData) => Write(
        entry, IoUring.IORING_OP_POLL_ADD, entryFlags: 0, priority: 0, descriptor, offset: 0, address: 0, length: 0, (uint)FileAbi.POLLIN, userData);

    /// <summary>Writes an NVMe command by its address, for a ring that takes commands itself (<see cref="Rings.IRing.CommandCalls"/>).</summary>
    public static void WriteCommand(IoUringSqe* entry, int descriptor, NvmePassthruCmd64* command, ulong userData) => Write(
        entry,
        IoUring.IORING_OP_URING_CMD,
        entryFlags: 0,
        priority: 0,
        descriptor,
        (ulong)NvmeAbi.NVME_IOCTL_IO64_CMD,
        (ulong)command,
        length: 0,
        flags: 0,
        userData);

    /// <summary>Writes the cancel of another entry.</summary>
    public static void WriteCancel(IoUringSqe* entry, ulong target, ulong userData) => Write(
        entry, IoUring.IORING_OP_ASYNC_CANCEL, entryFlags: 0, priority: 0, file: -1, offset: 0, target, length: 0, flags: 0, userData);

    private static EntryFields Allocation(Chunk* chunk, int mode) => new(
        IoUring.IORING_OP_FALLOCATE, (ulong)chunk->Offset, chunk->Length, (uint)(FileAbi.FALLOC_FL_KEEP_SIZE | mode));

    /// <summary>Two comparisons instead of a switch, which would be a jump table, on the fast path.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte RunOpcode(ChunkKind kind) =>
        kind == ChunkKind.Read ? IoUring.IORING_OP_READ : kind == ChunkKind.Write ? IoUring.IORING_OP_WRITE : NoTransfer(kind);

    private static byte VectorOpcode(ChunkKind kind) =>
        kind == ChunkKind.Read ? IoUring.IORING_OP_READV : kind == ChunkKind.Write ? IoUring.IORING_OP_WRITEV : NoTransfer(kind);

    private static byte NoTransfer(ChunkKind kind) => throw new UnreachableException($"A chunk of kind {kind} has no memory of its request's.");
}

/// <summary>The part of a submission entry that depends on its operation; include/uapi/linux/io_uring.h.</summary>
/// <param name="Opcode">IORING_OP_*.</param>
/// <param name="Offset"><c>off</c>; the command of an IORING_OP_URING_CMD.</param>
/// <param name="Address"><c>addr</c>.</param>
/// <param name="Length"><c>len</c>.</param>
/// <param name="Flags">The operation's own flags: RWF_*, IORING_FSYNC_*, poll events.</param>
/// <param name="Address3"><c>addr3</c>.</param>
/// <param name="EntryFlags">IOSQE_* in addition to the chunk's own.</param>
/// <param name="HasPriority">Whether the request's I/O priority applies: other operations answer EINVAL to a priority.</param>
internal readonly record struct EntryFields(
    byte Opcode, ulong Offset, ulong Address, uint Length, uint Flags = 0, ulong Address3 = 0, byte EntryFlags = 0, bool HasPriority = false);
