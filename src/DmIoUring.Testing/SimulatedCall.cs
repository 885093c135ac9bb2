using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Testing;

/// <summary>A ring's entry on its way through a simulated disk. The entry and its vectors stay as they are until the item is completed.</summary>
internal sealed unsafe class SimulatedCall : MediumCall
{
    private readonly WorkItem? _item;
    private readonly IoUringSqe* _entry;
    private readonly ManualResetEventSlim? _ended;

    private SimulatedCall(WorkItem? item, IoUringSqe* entry, MediumOperations operation, ulong offset, ulong length)
        : base(operation, (long)offset, (long)length)
    {
        _item = item;
        _entry = entry;
        _ended = item is null ? new ManualResetEventSlim() : null;
    }

    /// <summary>Whether a discard is one, and not zeroes.</summary>
    public bool IsDiscard { get; private init; }

    private int Result { get; set; }

    /// <summary>What an entry asks of a disk; null for an operation that no disk has.</summary>
    /// <param name="item">Whose entry it is; null to wait for its end by <see cref="Wait"/>.</param>
    /// <param name="entry">The entry.</param>
    public static SimulatedCall? Of(WorkItem? item, IoUringSqe* entry)
    {
        switch (entry->opcode)
        {
            case IoUring.IORING_OP_READ:
                return new SimulatedCall(item, entry, MediumOperations.Read, entry->off, entry->len);
            case IoUring.IORING_OP_READV:
                return new SimulatedCall(item, entry, MediumOperations.Read, entry->off, LengthOf(entry));
            case IoUring.IORING_OP_WRITE:
                return new SimulatedCall(item, entry, MediumOperations.Write, entry->off, entry->len) { Durable = IsDurable(entry) };
            case IoUring.IORING_OP_WRITEV:
                return new SimulatedCall(item, entry, MediumOperations.Write, entry->off, LengthOf(entry)) { Durable = IsDurable(entry) };
            case IoUring.IORING_OP_FSYNC:
                return new SimulatedCall(item, entry, MediumOperations.Flush, 0, 0);
            case IoUring.IORING_OP_FALLOCATE:
                bool punches = (entry->len & FileAbi.FALLOC_FL_PUNCH_HOLE) != 0;
                return new SimulatedCall(item, entry, MediumOperations.Discard, entry->off, entry->addr) { IsDiscard = punches };
            case IoUring.IORING_OP_URING_CMD when entry->cmd_op == BlockAbi.BLOCK_URING_CMD_DISCARD:
                return new SimulatedCall(item, entry, MediumOperations.Discard, entry->addr, entry->addr3) { IsDiscard = true };
            default:
                return null;
        }
    }

    public bool IsMemoryAligned(int alignment)
    {
        foreach (Iovec piece in Pieces())
        {
            if (((nint)piece.iov_base & (alignment - 1)) != 0)
                return false;
        }

        return true;
    }

    public override void CopyFrom(VolatileMedium medium, long length)
    {
        long done = 0;
        foreach (Iovec piece in Pieces())
        {
            int part = (int)Math.Min((long)piece.iov_len, length - done);
            medium.Read(Offset + done, new Span<byte>(piece.iov_base, part));
            done += part;
        }
    }

    public override void CopyTo(VolatileMedium medium, long length, bool durable)
    {
        long write = medium.BeginWrite();
        long done = 0;
        foreach (Iovec piece in Pieces())
        {
            int part = (int)Math.Min((long)piece.iov_len, length - done);
            medium.Write(write, Offset + done, new ReadOnlySpan<byte>(piece.iov_base, part), durable);
            done += part;
        }
    }

    public override void End(int errno, long length)
    {
        Result = errno == 0 ? (int)length : -errno;
        _ended?.Set();
        if (_item is null)
            return;
        _item.Result = Result;
        _item.Owner.Complete(_item);
    }

    /// <summary>Waits for the end of a call without an item.</summary>
    public int Wait()
    {
        _ended!.Wait();
        _ended.Dispose();
        return Result;
    }

    private static bool IsDurable(IoUringSqe* entry) => (entry->rw_flags & FileAbi.RWF_DSYNC) != 0;

    private static ulong LengthOf(IoUringSqe* entry)
    {
        ulong sum = 0;
        foreach (Iovec piece in new ReadOnlySpan<Iovec>((void*)entry->addr, (int)entry->len))
            sum += piece.iov_len;
        return sum;
    }

    private ReadOnlySpan<Iovec> Pieces()
    {
        switch (_entry->opcode)
        {
            case IoUring.IORING_OP_READV or IoUring.IORING_OP_WRITEV:
                return new ReadOnlySpan<Iovec>((void*)_entry->addr, (int)_entry->len);
            case IoUring.IORING_OP_READ or IoUring.IORING_OP_WRITE:
                return new[] { new Iovec { iov_base = (void*)_entry->addr, iov_len = _entry->len } };
            default:
                return [];
        }
    }
}
