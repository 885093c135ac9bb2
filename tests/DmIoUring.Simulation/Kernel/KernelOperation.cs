using DmIoUring.Interop;
using DmIoUring.Simulation.Checks;

namespace DmIoUring.Simulation.Kernel;

/// <summary>An entry from the queue to its completion.</summary>
internal sealed class KernelOperation
{
    public required IoUringSqe Entry { get; init; }

    public required int Number { get; init; }

    /// <summary>Whose work it is; null for a cancel.</summary>
    public ModelRegion? Region { get; set; }

    public Iovec[] Vectors { get; set; } = [];

    public long Offset { get; set; }

    /// <summary>Bytes.</summary>
    public long Length { get; set; }

    public OperationStage Stage { get; set; }

    /// <summary>Still in the ring's own queue until it starts, where a cancel finds it.</summary>
    public bool CanBeCancelled { get; set; }

    /// <summary>In a kernel worker, and not on the device.</summary>
    public bool IsInWorker { get; set; }

    public int Result { get; set; }

    /// <summary>Parts of the transfer that are still to be moved, from and to in bytes.</summary>
    public Stack<(int From, int To)> Parts { get; } = new();

    public List<FlushedSector>? Flush { get; set; }

    /// <summary>When a flush began, in the model's own count.</summary>
    public long Began { get; set; }

    public ulong Token => Entry.user_data;

    public bool IsCancel => Entry.opcode == IoUring.IORING_OP_ASYNC_CANCEL;

    public bool IsFlush => Entry.opcode == IoUring.IORING_OP_FSYNC;

    public bool Reads => Entry.opcode is IoUring.IORING_OP_READ or IoUring.IORING_OP_READV
        or IoUring.IORING_OP_READ_FIXED or IoUring.IORING_OP_READV_FIXED;

    public bool Writes => Entry.opcode is IoUring.IORING_OP_WRITE or IoUring.IORING_OP_WRITEV
        or IoUring.IORING_OP_WRITE_FIXED or IoUring.IORING_OP_WRITEV_FIXED;

    /// <summary>A FUA write to a device without FUA, or to a file: a flush is part of it.</summary>
    public bool FlushesToo => Writes && (Entry.rw_flags & FileAbi.RWF_DSYNC) != 0 && Region!.Region.Device.FuaFlushes(bySystemCall: false);

    public bool IsAtomic => Writes && (Entry.rw_flags & FileAbi.RWF_ATOMIC) != 0;

    public bool Transfers => Reads || Writes;

    public bool HasVectors => Entry.opcode is IoUring.IORING_OP_READV or IoUring.IORING_OP_WRITEV
        or IoUring.IORING_OP_READV_FIXED or IoUring.IORING_OP_WRITEV_FIXED;

    public bool IsRegistered => Entry.opcode is IoUring.IORING_OP_READ_FIXED or IoUring.IORING_OP_WRITE_FIXED
        or IoUring.IORING_OP_READV_FIXED or IoUring.IORING_OP_WRITEV_FIXED;

    public bool IsDiscard => Entry.opcode == IoUring.IORING_OP_URING_CMD || IsFallocate(FileAbi.FALLOC_FL_PUNCH_HOLE);

    public bool IsZeroRange => IsFallocate(FileAbi.FALLOC_FL_ZERO_RANGE);

    /// <summary>A command whose entry was not copied when it was taken: Linux 6.12 to 7.0 looks at it again when it tries again.</summary>
    public bool IsReadAgain => Entry.opcode == IoUring.IORING_OP_URING_CMD && (Entry.flags & IoUring.IOSQE_ASYNC) == 0;

    public override string ToString() => FormattableString.Invariant($"#{Number} {Name} {Region}")
        + (IsFlush || IsCancel ? "" : FormattableString.Invariant($" bytes {Offset}+{Length}"));

    private string Name => Reads ? "read" : Writes ? "write" : IsFlush ? "flush" : IsDiscard ? "discard" : IsZeroRange ? "zero" : "cancel";

    private bool IsFallocate(int flag) => Entry.opcode == IoUring.IORING_OP_FALLOCATE && (Entry.len & (uint)flag) != 0;
}
