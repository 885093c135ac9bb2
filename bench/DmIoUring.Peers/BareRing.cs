using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DmIoUring.Interop;

namespace DmIoUring.Peers;

/// <summary>
/// The fastest ring that the kernel gives: of one thread, registered with it, with one registered file and one registered buffer on
/// a huge page. Every entry is written but for what differs.
/// </summary>
internal sealed unsafe class BareRing : IDisposable
{
    private const nuint HugePage = 2 << 20;

    private const uint Flags =
        IoUring.IORING_SETUP_SINGLE_ISSUER | IoUring.IORING_SETUP_DEFER_TASKRUN | IoUring.IORING_SETUP_COOP_TASKRUN | IoUring.IORING_SETUP_NO_SQARRAY;

    private readonly int _descriptor;
    private readonly int _registered;
    private readonly byte* _rings;
    private readonly nuint _ringsLength;
    private readonly nuint _entriesLength;
    private readonly uint* _submissionTail;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;

    /// <summary>Sets it up, on the thread that will use it.</summary>
    /// <param name="depth">Requests under way.</param>
    /// <param name="bytes">The size of each.</param>
    /// <param name="file">The descriptor that is read.</param>
    /// <exception cref="IOException">The kernel refused a step.</exception>
    public BareRing(int depth, int bytes, int file)
    {
        IoUringParams parameters = new() { flags = Flags };
        _descriptor = Check("io_uring_setup, with flags of Linux 6.6,", Libc.IoUringSetup((uint)depth, &parameters));
        _ringsLength = parameters.cq_off.cqes + (parameters.cq_entries * (nuint)sizeof(IoUringCqe));
        _entriesLength = parameters.sq_entries * (nuint)sizeof(IoUringSqe);
        _rings = (byte*)Map(_ringsLength, IoUring.IORING_OFF_SQ_RING);
        Entries = (IoUringSqe*)Map(_entriesLength, IoUring.IORING_OFF_SQES);
        Completions = (IoUringCqe*)(_rings + parameters.cq_off.cqes);
        EntryMask = parameters.sq_entries - 1;
        CompletionMask = parameters.cq_entries - 1;
        _submissionTail = (uint*)(_rings + parameters.sq_off.tail);
        _completionHead = (uint*)(_rings + parameters.cq_off.head);
        _completionTail = (uint*)(_rings + parameters.cq_off.tail);

        nuint length = ((nuint)depth * (nuint)bytes + HugePage - 1) & ~(HugePage - 1);
        Memory = (byte*)NativeMemory.AlignedAlloc(length, HugePage);
        _ = Libc.Madvise(Memory, length, FileAbi.MADV_HUGEPAGE);
        NativeMemory.Clear(Memory, length);

        Iovec buffer = new() { iov_base = Memory, iov_len = length };
        Register(IoUring.IORING_REGISTER_BUFFERS, &buffer);
        Register(IoUring.IORING_REGISTER_FILES, &file);
        IoUringRsrcUpdate place = new() { offset = uint.MaxValue, data = (ulong)_descriptor };
        Register(IoUring.IORING_REGISTER_RING_FDS, &place);
        _registered = (int)place.offset;
        new Span<IoUringSqe>(Entries, (int)parameters.sq_entries).Fill(new IoUringSqe
        {
            opcode = IoUring.IORING_OP_READ_FIXED,
            flags = IoUring.IOSQE_FIXED_FILE,
            len = (uint)bytes,
        });
    }

    /// <summary>The buffers, one after the other.</summary>
    public byte* Memory { get; }

    public IoUringSqe* Entries { get; }

    public uint EntryMask { get; }

    public IoUringCqe* Completions { get; }

    public uint CompletionMask { get; }

    public uint CompletionTail => Volatile.Read(ref *_completionTail);

    public uint CompletionHead
    {
        set => Volatile.Write(ref *_completionHead, value);
    }

    /// <summary>What the kernel answered where it should have taken or transferred something.</summary>
    public static IOException Failure(string step, int result) => new(
        result < 0 ? $"{step} failed with {Errno.Name(-result)}." : $"{step} transferred {result} bytes.", result);

    /// <summary>Publishes the tail, hands over what is queued, and waits; how many the kernel took.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Enter(uint tail, uint queued, uint wait)
    {
        const uint flags = IoUring.IORING_ENTER_GETEVENTS | IoUring.IORING_ENTER_REGISTERED_RING;
        Volatile.Write(ref *_submissionTail, tail);
        int result = Libc.IoUringEnter(_registered, queued, wait, flags, null, 0);
        return (uint)(result >= 0 ? result : Refused(result));
    }

    /// <summary>Waits until everything under way has ended; nothing is published any more.</summary>
    public void Drain(uint underWay)
    {
        uint from = *_completionHead;
        while (CompletionTail - from < underWay)
            _ = Enter(*_submissionTail, queued: 0, underWay);
    }

    public void Dispose()
    {
        _ = Libc.Munmap(Entries, _entriesLength);
        _ = Libc.Munmap(_rings, _ringsLength);
        _ = Libc.Close(_descriptor);
        NativeMemory.AlignedFree(Memory);
    }

    private static int Refused(int result) => -result is Errno.EINTR or Errno.EAGAIN or Errno.EBUSY ? 0 : throw Failure("io_uring_enter", result);

    private static int Check(string step, int result) => result >= 0 ? result : throw Failure(step, result);

    private void Register(uint what, void* argument) =>
        Check(FormattableString.Invariant($"io_uring_register {what}"), Libc.IoUringRegister(_descriptor, what, argument, 1));

    private void* Map(nuint length, ulong offset)
    {
        void* address = Libc.Mmap(
            length, FileAbi.PROT_READ | FileAbi.PROT_WRITE, FileAbi.MAP_SHARED | FileAbi.MAP_POPULATE, _descriptor, offset, out int errno);
        return address is not null ? address : throw Failure("mmap of the ring", -errno);
    }
}
