using System.Runtime.InteropServices;
using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Rings;

/// <summary>A ring's descriptor and its two mappings, until disposed.</summary>
internal sealed unsafe class KernelRingHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Places in the completion queue beyond the entries in flight: the lane's wake-ups.</summary>
    private const int SpareCompletions = 8;

    private const uint MaxSubmissionEntries = 1024;

    private bool? _hasFixedVectors;
    private readonly byte* _rings;
    private readonly nuint _ringsLength;
    private readonly IoUringSqe* _entries;
    private readonly nuint _entriesLength;

    private KernelRingHandle(int descriptor, in IoUringParams parameters, IReadOnlyList<IoFeature> flags)
        : base(ownsHandle: true)
    {
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

    public RingLayout Layout { get; }

    public uint Features { get; }

    /// <summary>IORING_SETUP_* as they were settled with the kernel.</summary>
    public uint SetupFlags { get; }

    /// <summary>Whether a wait can ask for several completions and settle for one when the first while is over (6.12).</summary>
    public bool HasMinTimeout => (Features & IoUring.IORING_FEAT_MIN_TIMEOUT) != 0;

    /// <summary>The optional set-up flags, taken or refused.</summary>
    public IReadOnlyList<IoFeature> Flags { get; }

    /// <summary>Sets up a ring, disabled: the thread that will own it enables it.</summary>
    /// <param name="capacity">Entries in flight at most.</param>
    /// <param name="plan">What is wanted beyond the least.</param>
    /// <param name="setup">Who answers io_uring_setup; null for the kernel itself.</param>
    /// <exception cref="IoUringUnavailableException">The host has none, forbids it, or its is too old.</exception>
    public static KernelRingHandle Create(int capacity, in RingPlan plan = default, RingSetup.Setup? setup = null)
    {
        uint entries = Math.Min((uint)capacity, MaxSubmissionEntries);
        int descriptor = RingSetup.Negotiate(
            entries,
            (uint)(capacity + SpareCompletions),
            plan,
            setup ?? Libc.IoUringSetup,
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

        return new KernelRingHandle(descriptor, parameters, flags);
    }

    /// <summary>Enables the ring, for the calling thread where the ring is a single issuer's.</summary>
    public void Enable()
    {
        int result = Libc.IoUringRegister(Descriptor, IoUring.IORING_REGISTER_ENABLE_RINGS, null, 0);
        if (result < 0)
            throw new InvalidOperationException($"IORING_REGISTER_ENABLE_RINGS failed with {Errno.Name(-result)}.");
    }

    /// <summary>
    /// Registers the descriptor with the calling thread, which spares the kernel a look-up in every enter. A thread has 16
    /// such places (IO_RINGFD_REG_MAX, io_uring/tctx.h); without one the plain descriptor serves.
    /// </summary>
    public bool RegisterWithThread(out int index)
    {
        IoUringRsrcUpdate update = new() { offset = uint.MaxValue, data = (ulong)Descriptor };
        int result = Libc.IoUringRegister(Descriptor, IoUring.IORING_REGISTER_RING_FDS, &update, 1);
        index = (int)update.offset;
        return result == 1;
    }

    /// <summary>Gives the place back. On the thread that registered it.</summary>
    public void UnregisterFromThread(int index)
    {
        IoUringRsrcUpdate update = new() { offset = (uint)index };
        _ = Libc.IoUringRegister(Descriptor, IoUring.IORING_UNREGISTER_RING_FDS, &update, 1);
    }

    /// <summary>Whether the kernel has READV_FIXED and WRITEV_FIXED (6.15). Asked once.</summary>
    public bool HasFixedVectors => _hasFixedVectors ??= ProbeOperations() is var known
        && known[IoUring.IORING_OP_READV_FIXED] && known[IoUring.IORING_OP_WRITEV_FIXED];

    /// <summary>Which of the kernel's operations this ring knows.</summary>
    public bool[] ProbeOperations()
    {
        const int most = 256;
        int size = sizeof(IoUringProbe) + (most * sizeof(IoUringProbeOp));
        bool[] known = new bool[most];
        byte* memory = (byte*)NativeMemory.AllocZeroed((nuint)size);
        try
        {
            int result = Libc.IoUringRegister(Descriptor, IoUring.IORING_REGISTER_PROBE, memory, most);
            if (result < 0)
                throw new InvalidOperationException($"IORING_REGISTER_PROBE failed with {Errno.Name(-result)}.");
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

    protected override bool ReleaseHandle()
    {
        if (_entries is not null)
            _ = Libc.Munmap(_entries, _entriesLength);
        if (_rings is not null)
            _ = Libc.Munmap(_rings, _ringsLength);
        return Libc.Close(Descriptor) == 0;
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
