using DmIoUring.Interop;
using DmIoUring.Memory;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Rings;

/// <summary>
/// A ring without queues in use: only a table of registered buffers, from which other rings clone theirs. Members must not be called at the same
/// time, but may be on any thread.
/// </summary>
/// <remarks>
/// It stays disabled and has no single issuer, because the kernel lets only the issuer's thread clone from a ring that has one (io_register_clone_buffers,
/// io_uring/rsrc.c). Closing it unpins no page that another ring has cloned: each buffer counts its rings.
/// </remarks>
/// <param name="calls">The system calls.</param>
internal sealed unsafe class RegisteredBuffers(RingCalls calls) : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true), IBufferTable
{
    public int Descriptor => (int)handle;

    /// <summary>Whether a process's rings can clone buffers into a table that exists: 0, or the negated errno. EINVAL before 6.13.</summary>
    /// <param name="descriptor">A ring that may have no buffers yet.</param>
    /// <param name="calls">The system calls.</param>
    public static int Probe(int descriptor, RingCalls calls)
    {
        // The kernel looks at the flags before it looks for the source, of which there is none.
        int answer = CloneInto(descriptor, source: -1, calls);
        return answer == -Errno.EBADF ? 0 : Math.Min(answer, -1);
    }

    /// <summary>Replaces a ring's table by another's. 0, or the negated errno.</summary>
    /// <remarks>
    /// Always the whole table: Linux before 6.19 loses the slots behind a range that is cloned. EINVAL where the two rings are counted differently against
    /// RLIMIT_MEMLOCK, because the process has gained or lost CAP_IPC_LOCK between them (both io_clone_buffers, io_uring/rsrc.c).
    /// </remarks>
    public static int CloneInto(int descriptor, int source, RingCalls calls)
    {
        IoUringCloneBuffers clone = new() { src_fd = (uint)source, flags = IoUring.IORING_REGISTER_DST_REPLACE };
        return calls.Register(descriptor, IoUring.IORING_REGISTER_CLONE_BUFFERS, &clone, 1);
    }

    /// <summary>Makes an empty sparse table in a ring that has none yet. 0, or the negated errno.</summary>
    /// <param name="ring">The ring's descriptor.</param>
    /// <param name="slots">How many slots.</param>
    /// <param name="calls">The system calls.</param>
    public static int MakeTable(int ring, int slots, RingCalls calls)
    {
        IoUringRsrcRegister table = new() { nr = (uint)slots, flags = IoUring.IORING_RSRC_REGISTER_SPARSE };
        return calls.Register(ring, IoUring.IORING_REGISTER_BUFFERS2, &table, (uint)sizeof(IoUringRsrcRegister));
    }

    /// <summary>Fills a slot of a ring's table, or empties it when there is no memory. 0 or more, or the negated errno.</summary>
    public static int Fill(int ring, int slot, byte* start, long length, RingCalls calls)
    {
        Iovec memory = new() { iov_base = start, iov_len = (nuint)length };
        IoUringRsrcUpdate2 update = new() { offset = (uint)slot, data = (ulong)&memory, nr = 1 };
        return calls.Register(ring, IoUring.IORING_REGISTER_BUFFERS_UPDATE, &update, (uint)sizeof(IoUringRsrcUpdate2));
    }

    public int Open(int slots)
    {
        IoUringParams parameters = new() { flags = IoUring.IORING_SETUP_R_DISABLED };
        int result = calls.Setup(1, &parameters);
        if (result < 0)
            return result;
        int ring = result;
        result = MakeTable(ring, slots, calls);
        if (result < 0)
            _ = Libc.Close(ring);
        else
            SetHandle(ring);
        return result;
    }

    public int RegisterBuffer(int slot, byte* start, long length) => Fill(Descriptor, slot, start, length, calls);

    protected override bool ReleaseHandle() => Libc.Close(Descriptor) == 0;
}
