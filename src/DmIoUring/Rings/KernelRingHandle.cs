using System.Runtime.InteropServices;
using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Rings;

/// <summary>A ring's descriptor and its two mappings. Makes the calls off the hot path: set-up, registrations, closing.</summary>
internal sealed unsafe class KernelRingHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Slots in the completion queue beyond the entries in flight, for cancels and polls.</summary>
    private const int ExtraCompletions = 8;

    private const uint MaxSubmissionEntries = 1024;

    /// <summary>The engine's slots in the table of registered files; the slot after them is the pipe's.</summary>
    private const int FileSlots = 256;

    private readonly RingCalls _calls;
    private RingTeardown? _teardown;
    private bool[]? _operations;
    private readonly byte* _rings;
    private readonly nuint _ringsLength;
    private readonly IoUringSqe* _entries;
    private readonly nuint _entriesLength;

    private KernelRingHandle(int descriptor, in IoUringParams parameters, IReadOnlyList<IoFeature> flags, RingCalls calls)
        : base(ownsHandle: true)
    {
        _calls = calls;
        SetHandle(descriptor);
        SetupFlags = parameters.flags;
        Features = parameters.features;
        Flags = flags;

        nuint submissions = parameters.sq_off.array + ((nuint)parameters.sq_entries * sizeof(uint));
        nuint completions = parameters.cq_off.cqes + (((nuint)parameters.cq_entries * (nuint)sizeof(IoUringCqe) << ((parameters.flags & IoUring.IORING_SETUP_CQE32) != 0 ? 1 : 0)));
        _ringsLength = Math.Max(submissions, completions);
        _entriesLength = (nuint)parameters.sq_entries * (nuint)sizeof(IoUringSqe) << ((parameters.flags & IoUring.IORING_SETUP_SQE128) != 0 ? 1 : 0);
        _rings = (byte*)Map(descriptor, _ringsLength, IoUring.IORING_OFF_SQ_RING);
        _entries = (IoUringSqe*)Map(descriptor, _entriesLength, IoUring.IORING_OFF_SQES);
        Layout = new RingLayout(_rings, _entries, parameters);

        if ((parameters.flags & IoUring.IORING_SETUP_NO_SQARRAY) == 0)
        {
            uint* array = (uint*)(_rings + parameters.sq_off.array);
            for (uint i = 0; i < parameters.sq_entries; i++)
                array[i] = i;
        }
    }

    public int Descriptor => (int)handle;

    public RingCalls Calls => _calls;

    public RingLayout Layout { get; }

    public uint Features { get; }

    /// <summary>IORING_SETUP_* as the kernel accepted them.</summary>
    public uint SetupFlags { get; }

    /// <summary>Whether a wait can ask for several completions and accept one after a first time (6.12).</summary>
    public bool HasMinTimeout => (Features & IoUring.IORING_FEAT_MIN_TIMEOUT) != 0;

    /// <summary>The optional set-up flags, accepted or refused.</summary>
    public IReadOnlyList<IoFeature> Flags { get; }

    /// <summary>Sets up a disabled ring. The thread that will own it must call <see cref="Enable"/>.</summary>
    /// <param name="capacity">The most entries in flight.</param>
    /// <param name="plan">The optional features.</param>
    /// <param name="calls">The system calls; null for the kernel's.</param>
    /// <exception cref="IoUringUnavailableException">The host has no io_uring, forbids it, or has one that is too old.</exception>
    public static KernelRingHandle Create(int capacity, in RingPlan plan = default, RingCalls? calls = null)
    {
        calls ??= RingCalls.Kernel;
        uint entries = Math.Min((uint)capacity, MaxSubmissionEntries);
        int descriptor = RingSetup.Negotiate(
            entries,
            (uint)(capacity + ExtraCompletions),
            plan,
            calls.Setup,
            out IoUringParams parameters,
            out IReadOnlyList<IoFeature> flags);
        if (descriptor == -Errno.EINVAL && plan.SubmissionProcessor is { } processor)
            throw RingRefusal.NoSuchProcessor(processor);
        if (descriptor < 0)
            throw RingRefusal.Explain(-descriptor);

        uint missing = RingSetup.RequiredFeatures & ~parameters.features;
        if (missing != 0)
        {
            _ = Libc.Close(descriptor);
            throw RingRefusal.TooOld(missing);
        }

        return new KernelRingHandle(descriptor, parameters, flags, calls);
    }

    /// <summary>Enables the ring, for the calling thread where it has a single issuer, and registers the pipe by which <see cref="RingTeardown"/> sees its end.</summary>
    /// <exception cref="IoUringUnavailableException">io_uring_register refuses it.</exception>
    public void Enable()
    {
        int result = Register(IoUring.IORING_REGISTER_ENABLE_RINGS, null, 0);
        if (result < 0)
            throw RingRefusal.Explain(-result, "IORING_REGISTER_ENABLE_RINGS");
        _teardown = RingTeardown.Create(out int writeEnd);
        result = RegisterTable(writeEnd);
        _ = Libc.Close(writeEnd);
        if (result < 0)
            throw RingRefusal.Explain(-result, "IORING_REGISTER_FILES");
    }

    /// <summary>
    /// Closes the ring. The kernel cancels what it can and completes the rest: until the teardown is complete it may use every buffer in flight.
    /// </summary>
    public RingTeardown? Abandon()
    {
        RingTeardown? teardown = _teardown;
        _teardown = null;
        Dispose();
        return teardown;
    }

    public int Register(uint opcode, void* argument, uint count) => _calls.Register(Descriptor, opcode, argument, count);

    /// <summary>
    /// Registers the descriptor with the calling thread, which saves the kernel a lookup in every enter. A thread has 16
    /// such slots (IO_RINGFD_REG_MAX, io_uring/tctx.h); without a free one the descriptor is used.
    /// </summary>
    public bool RegisterWithThread(out int index)
    {
        IoUringRsrcUpdate update = new() { offset = uint.MaxValue, data = (ulong)Descriptor };
        int result = Register(IoUring.IORING_REGISTER_RING_FDS, &update, 1);
        index = (int)update.offset;
        return result == 1;
    }

    /// <summary>Frees the slot. Must be called on the thread that registered it.</summary>
    public void UnregisterFromThread(int index)
    {
        IoUringRsrcUpdate update = new() { offset = (uint)index };
        _ = Register(IoUring.IORING_UNREGISTER_RING_FDS, &update, 1);
    }

    /// <summary>The answer to making the engine's table of registered files: 0, or the negated errno.</summary>
    /// <remarks>EBUSY on a kernel that keeps a file open, and its device busy, after it was removed from the table.</remarks>
    public int FileTableAnswer { get; set; }

    /// <summary>Which operations the kernel supports, by opcode. Probed when first needed, unless set.</summary>
    public bool[] Operations
    {
        get => _operations ??= ProbeOperations();
        set => _operations = value;
    }

    private bool[] ProbeOperations()
    {
        const int most = 256;
        int size = sizeof(IoUringProbe) + (most * sizeof(IoUringProbeOp));
        bool[] known = new bool[most];
        byte* memory = (byte*)NativeMemory.AllocZeroed((nuint)size);
        try
        {
            int result = Register(IoUring.IORING_REGISTER_PROBE, memory, most);
            if (result < 0)
                throw RingRefusal.Explain(-result, "IORING_REGISTER_PROBE");
            IoUringProbeOp* operations = (IoUringProbeOp*)(memory + sizeof(IoUringProbe));
            for (int i = 0; i < ((IoUringProbe*)memory)->ops_len; i++)
                known[operations[i].op] = (operations[i].flags & IoUring.IO_URING_OP_SUPPORTED) != 0;
            return known;
        }
        finally
        {
            NativeMemory.Free(memory);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _teardown?.Dispose();
        base.Dispose(disposing);
    }

    protected override bool ReleaseHandle()
    {
        if (_entries is not null)
            _ = Libc.Munmap(_entries, _entriesLength);
        if (_rings is not null)
            _ = Libc.Munmap(_rings, _ringsLength);
        return Libc.Close(Descriptor) == 0;
    }

    /// <summary>Registers a table of files that holds only the pipe. Where RLIMIT_NOFILE is too small for it, the table has room for the pipe only.</summary>
    private int RegisterTable(int writeEnd)
    {
        int* files = stackalloc int[FileSlots + 1];
        new Span<int>(files, FileSlots).Fill(-1);
        files[FileSlots] = writeEnd;
        int result = Register(IoUring.IORING_REGISTER_FILES, files, FileSlots + 1);
        if (result != -Errno.EMFILE)
            return result;
        FileTableAnswer = result;
        return Register(IoUring.IORING_REGISTER_FILES, &files[FileSlots], 1);
    }

    private void* Map(int descriptor, nuint length, ulong offset)
    {
        void* address = Libc.Mmap(
            length,
            FileAbi.PROT_READ | FileAbi.PROT_WRITE,
            FileAbi.MAP_SHARED | FileAbi.MAP_POPULATE,
            descriptor,
            offset,
            out int errno);
        if (address is null)
        {
            Dispose();
            throw RingRefusal.Explain(errno);
        }

        // A forked child must not share the queues: it would enter a ring that it does not own.
        _ = Libc.Madvise(address, length, FileAbi.MADV_DONTFORK);
        return address;
    }
}
