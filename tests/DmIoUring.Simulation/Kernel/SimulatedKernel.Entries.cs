using DmIoUring.Interop;
using DmIoUring.Simulation.Checks;

namespace DmIoUring.Simulation.Kernel;

/// <content>What an entry says, and whether a kernel would take it.</content>
internal sealed unsafe partial class SimulatedKernel
{
    /// <summary>UIO_FASTIOV and BIO_MAX_VECS: more goes to a worker.</summary>
    private const int MostVectors = 256;

    private readonly HashSet<int> _filledBefore = [];
    private readonly Dictionary<int, (nint Start, long Length, long Mapping)> _registered = [];

    private readonly Dictionary<int, int> _files = [];
    private int _clones;

    public bool HasFixedVectors => _scenario.HasFixedVectors;

    /// <summary>Tells which mapping of the pool's lies at an address; 0 for none.</summary>
    public Func<nint, long> MappingAt { get; set; } = static _ => 0;

    /// <summary>The table that rings clone; null where the pool has none.</summary>
    public SimulatedBufferTable? Shared { get; set; }

    public int RegisterBufferTable(int slots) => _scenario.RefusesTable ? -Errno.EINVAL : 0;

    public int RegisterBuffer(int slot, byte* start, long length)
    {
        if (start is not null && !_filledBefore.Add(slot))
            _coverage.Add(Covered.ReplacedRegistrations);
        _registered.Remove(slot);
        if (start is not null)
            _registered[slot] = ((nint)start, length, MappingAt((nint)start));
        return 0;
    }

    /// <summary>Takes over the table that rings clone, or refuses: for want of memory, or for good.</summary>
    public int CloneBuffers(int source)
    {
        if (source != SimulatedBufferTable.OnlyDescriptor)
            _verdict.Fail($"A table is cloned from descriptor {source}, which is none.");
        if (_scenario.RefusesClones > 0 && ++_clones % _scenario.RefusesClones == 0)
            return _scenario.RefusesClones % 2 == 0 ? -Errno.ENOMEM : -Errno.EINVAL;
        _registered.Clear();
        foreach ((int slot, (nint Start, long Length, long Mapping) memory) in Shared!.Registered)
        {
            if (!_filledBefore.Add(slot))
                _coverage.Add(Covered.ReplacedRegistrations);
            _registered[slot] = memory;
        }

        _coverage.Add(Covered.ClonedRegistrations);
        return 0;
    }

    /// <summary>Files that the ring knows, and so keeps open.</summary>
    public int RegisteredFiles => _files.Count;

    public int RegisterFileTable(int slots) => _scenario.RefusesFiles ? -Errno.EINVAL : 0;

    public int RegisterFile(int slot, int descriptor)
    {
        if (descriptor < 0)
            _files.Remove(slot);
        else if (!_files.TryAdd(slot, descriptor))
            _verdict.Fail($"Slot {slot} of the registered files is filled twice.");
        return 0;
    }

    /// <summary>The entry with the descriptor of the registered file that it names.</summary>
    private IoUringSqe WithDescriptor(IoUringSqe entry)
    {
        if ((entry.flags & IoUring.IOSQE_FIXED_FILE) == 0)
        {
            if (SimulatedDisk.TryParse(entry.fd, out int disk, out int opening) && _disks[disk].IsGone(opening))
                _verdict.Fail($"An entry of opcode {entry.opcode} is for descriptor {entry.fd}, which was closed.");
            return entry;
        }

        _coverage.Add(Covered.RegisteredFiles);
        if (!_files.TryGetValue(entry.fd, out int descriptor))
            _verdict.Fail($"An entry of opcode {entry.opcode} is for the registered file {entry.fd}, which is not registered.");
        entry.fd = descriptor;
        entry.flags &= unchecked((byte)~IoUring.IOSQE_FIXED_FILE);
        return entry;
    }

    /// <summary>What the entry is about. Its vectors are read once more when it is taken: until then they are the engine's to keep.</summary>
    private void ReadEntry(KernelOperation operation)
    {
        IoUringSqe entry = operation.Entry;
        if (operation.Transfers)
        {
            operation.Vectors = ReadVectors(operation);
            operation.Offset = (long)entry.off;
            operation.Length = operation.Vectors.Sum(static vector => (long)vector.iov_len);
        }
        else if (operation.IsDiscard && entry.opcode == IoUring.IORING_OP_URING_CMD)
        {
            operation.Offset = (long)entry.addr;
            operation.Length = (long)entry.addr3;
        }
        else if (entry.opcode == IoUring.IORING_OP_FALLOCATE)
        {
            operation.Offset = (long)entry.off;
            operation.Length = (long)entry.addr;
        }
        else if (!operation.IsFlush)
        {
            _verdict.Fail($"An entry of opcode {entry.opcode}, which nobody needs.");
        }
    }

    private Iovec[] ReadVectors(KernelOperation operation)
    {
        IoUringSqe entry = operation.Entry;
        if (!operation.HasVectors)
            return [new Iovec { iov_base = (void*)entry.addr, iov_len = entry.len }];
        if (entry.len is 0 or > MostVectors)
            _verdict.Fail($"Entry #{operation.Number} has {entry.len} vectors.");
        return new ReadOnlySpan<Iovec>((void*)entry.addr, (int)entry.len).ToArray();
    }

    /// <summary>The kernel takes an entry over, and its vectors with it (IORING_FEAT_SUBMIT_STABLE).</summary>
    private void Take(KernelOperation operation)
    {
        _live.Add(operation);
        operation.Stage = OperationStage.Taken;
        _order++;
        if (operation.IsCancel)
        {
            if (_live.Count(static live => live.IsCancel) > MostCancels)
                _verdict.Fail($"More than {MostCancels} cancels are under way: their completions have no place in the queue.");
            ScheduleCancel(operation);
            return;
        }

        // What has completed and was not taken holds its place as well.
        if (Live + _completions.Count(static posted => posted.Operation is { IsCancel: false }) > Capacity)
            _verdict.Fail($"More than {Capacity} entries are in flight.");
        CheckQueue(operation);
        if (operation.Transfers)
            CheckTransfer(operation);
        _trace.Write($"taken    {operation}");
        ScheduleStart(operation);
    }

    /// <summary>A device that the engine holds open has no more entries than its queue takes.</summary>
    private void CheckQueue(KernelOperation operation)
    {
        if (!_scenario.HoldsDevices || _scenario.ClosesDevices || !SimulatedDisk.TryParse(operation.Entry.fd, out int index, out _))
            return;
        SimulatedDisk disk = _disks[index];
        int count = _live.Count(live => !live.IsCancel && live.Entry.fd == operation.Entry.fd);
        if (count > disk.Traits.QueueDepth)
            _verdict.Fail($"{count} entries are in flight on {operation.Entry.fd}, whose queue takes {disk.Traits.QueueDepth}.");
        if (count == disk.Traits.QueueDepth)
            _coverage.Add(Covered.FullDevices);
    }

    private void CheckTransfer(KernelOperation operation)
    {
        Iovec[] now = ReadVectors(operation);
        for (int i = 0; i < now.Length; i++)
        {
            if (now[i].iov_base != operation.Vectors[i].iov_base || now[i].iov_len != operation.Vectors[i].iov_len)
                _verdict.Fail($"The vectors of {operation} were written over before the kernel took the entry.");
        }

        ModelRegion region = operation.Region!;

        // generic_atomic_write_valid, fs/read_write.c: one plain buffer.
        if (operation.IsAtomic != region.IsAtomic)
            _verdict.Fail($"{operation} is {(operation.IsAtomic ? "" : "not ")}flagged atomic, and its request says otherwise.");
        if (operation.IsAtomic && (operation.IsRegistered || now.Length != 1))
            _verdict.Fail($"{operation} is atomic and has {now.Length} pieces{(operation.IsRegistered ? " of registered memory" : "")}: it would be refused.");
        if (operation.IsAtomic)
            _coverage.Add(Covered.AtomicEntries);
        int alignment = region.Disk.Traits.MemoryAlignment;
        int segment = region.Disk.Traits.SegmentAlignment;
        foreach (Iovec vector in now)
        {
            nint start = (nint)vector.iov_base;
            if ((start & (alignment - 1)) != 0 || ((nint)vector.iov_len & (alignment - 1)) != 0)
                _verdict.Fail($"{operation} has memory off the device's alignment of {alignment} bytes: it would be refused.");

            // A registered buffer is pieces that end with a page: the first of them as long as what is left of it.
            if ((nint)vector.iov_len % segment != 0 || (operation.IsRegistered && start % segment != 0))
                _verdict.Fail($"{operation} has a piece that is no multiple of {segment} bytes: kernels before 6.18 would refuse it.");
            if (operation.IsRegistered)
                CheckRegistration(operation, start, (long)vector.iov_len);
        }

        bool own = _model.IsMemoryOf(region.Request, operation.Vectors);
        if (!own)
            _coverage.Add(Covered.BouncedEntries);
        if (operation.HasVectors)
            _coverage.Add(Covered.ScatteredEntries);
        if (operation.IsRegistered)
            _coverage.Add(Covered.RegisteredEntries);
    }

    private void CheckRegistration(KernelOperation operation, nint start, long length)
    {
        int slot = operation.Entry.buf_index;
        if (!_registered.TryGetValue(slot, out (nint Start, long Length, long Mapping) known))
            _verdict.Fail($"{operation} names registered buffer {slot}, which is empty.");
        if (start < known.Start || start + length > known.Start + known.Length)
            _verdict.Fail($"{operation} has memory outside of registered buffer {slot}.");
        if (MappingAt(start) != known.Mapping)
            _verdict.Fail($"{operation} goes through registered buffer {slot}, whose pages were given back: nobody would see what it moves.");
    }
}
