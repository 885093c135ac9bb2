using System.Runtime.InteropServices;
using DmIoUring.Interop;

namespace DmIoUring.TestSupport;

/// <summary>
/// What happens behind a <see cref="ScriptedRing"/>: a disk in memory for each descriptor, answers and an order of completions
/// that the test chooses, and a clock that only moves when somebody waits.
/// </summary>
internal sealed unsafe class RingScript : IDisposable
{
    private readonly IoUringSqe* _entries;
    private readonly List<IoUringSqe> _inKernel = [];
    private readonly Dictionary<ulong, Iovec[]> _vectors = [];
    private readonly Dictionary<int, byte[]> _disks;
    private readonly int _queueLength;
    private int _queued;

    /// <summary>Makes a script.</summary>
    /// <param name="capacity">The ring's capacity.</param>
    /// <param name="queueLength">Entries in its queue.</param>
    /// <param name="beside">Another ring on the same disks; null for disks of its own.</param>
    public RingScript(int capacity = 8, int queueLength = 8, RingScript? beside = null)
    {
        _disks = beside?._disks ?? [];
        Capacity = capacity;
        _queueLength = queueLength;
        Answer = entry => Whole(entry);
        _entries = (IoUringSqe*)NativeMemory.AllocZeroed((nuint)queueLength, (nuint)sizeof(IoUringSqe));
    }

    public int Capacity { get; }

    public Dictionary<int, (nint Start, long Length)> Registered { get; } = [];

    /// <summary>What registering memory is answered.</summary>
    public int RegisterAnswer { get; init; }

    /// <summary>What cloning a table of registered memory is answered.</summary>
    public int CloneAnswer { get; set; }

    /// <summary>The table that other rings clone; null where there is none.</summary>
    public ScriptedBufferTable? Table { get; init; }

    /// <summary>How often the table was cloned.</summary>
    public int Clones { get; private set; }

    /// <summary>What making a table of files is answered.</summary>
    public int FileTableAnswer { get; init; }

    /// <summary>Tables of files that were asked for.</summary>
    public int FileTables { get; private set; }

    /// <summary>What registering a file is answered, by its slot.</summary>
    public Func<int, int> FileAnswer { get; set; } = static _ => 0;

    /// <summary>The descriptors of registered files, by slot.</summary>
    public Dictionary<int, int> RegisteredFiles { get; } = [];

    /// <summary>Whether the ring knows URING_CMD.</summary>
    public bool HasCommands { get; init; } = true;

    public long Clock { get; set; }

    public int EnterCount { get; private set; }

    public Queue<IoUringCqe> Completions { get; } = [];

    /// <summary>Every entry that the kernel took, in order.</summary>
    public List<IoUringSqe> Taken { get; } = [];

    /// <summary>The result of an entry; by default all of it is transferred.</summary>
    public Func<IoUringSqe, int> Answer { get; set; }

    /// <summary>Which of n entries in the kernel completes next; by default the oldest.</summary>
    public Func<int, int> NextToComplete { get; set; } = static _ => 0;

    /// <summary>How many entries complete in one enter that waits; by default all.</summary>
    public Func<int, int> CompletePerEnter { get; set; } = static count => count;

    /// <summary>Which entries never complete, whatever else is said.</summary>
    public Func<IoUringSqe, bool> Keeps { get; set; } = static _ => false;

    /// <summary>How many of n published entries the kernel takes in this enter; by default all.</summary>
    public Func<int, int> TakePerEnter { get; set; } = static count => count;

    /// <summary>Whether an enter that does not wait finds something completed, too: a device that is asked, or one that was quick.</summary>
    public bool CompletesUnasked { get; init; }

    /// <summary>How many completions each enter waited for.</summary>
    public List<uint> Waits { get; } = [];

    public bool HasQueued => _queued > 0;

    public int MostInKernel { get; private set; }

    public byte[] Disk(BlockDevice device)
    {
        if (!_disks.TryGetValue(device.Descriptor, out byte[]? disk))
            _disks[device.Descriptor] = disk = new byte[device.Size];
        return disk;
    }

    public int CloneBuffers(int source)
    {
        if (CloneAnswer < 0)
            return CloneAnswer;
        Assert.Equal(ScriptedBufferTable.FirstDescriptor, source);
        Clones++;
        Registered.Clear();
        foreach ((int slot, (nint Start, long Length) memory) in Table!.Registered)
            Registered[slot] = memory;
        return 0;
    }

    public int RegisterFileTable()
    {
        FileTables++;
        return FileTableAnswer;
    }

    public int RegisterFile(int slot, int descriptor)
    {
        int answer = FileAnswer(slot);
        if (answer < 0)
            return answer;
        if (descriptor < 0)
            RegisteredFiles.Remove(slot);
        else
            RegisteredFiles[slot] = descriptor;
        return answer;
    }

    public int Room => _queueLength - _queued;

    public IoUringSqe* TryNext()
    {
        if (_queued == _queueLength)
            return null;
        IoUringSqe* entry = &_entries[_queued++];
        new Span<byte>(entry, sizeof(IoUringSqe)).Fill(0xA5);
        return entry;
    }

    public void Enter(uint minComplete, long timeout)
    {
        EnterCount++;
        Waits.Add(minComplete);
        int taken = TakePerEnter(_queued);
        for (int i = 0; i < taken; i++)
        {
            _inKernel.Add(WithDescriptor(_entries[i]));
            Taken.Add(_entries[i]);
            KeepVectors(_entries[i]);
        }

        for (int i = taken; i < _queued; i++)
            _entries[i - taken] = _entries[i];
        _queued -= taken;
        MostInKernel = Math.Max(MostInKernel, _inKernel.Count);
        if (minComplete == 0 && !CompletesUnasked)
            return;

        if (_inKernel.Count == 0 && Completions.Count == 0 && minComplete > 0)
        {
            Assert.True(timeout >= 0 || _queued > 0, "The engine waits for ever with nothing in the kernel.");
            Clock += Math.Max(timeout, 0);
            return;
        }

        List<IoUringSqe> kept = _inKernel.FindAll(entry => Keeps(entry));
        _inKernel.RemoveAll(entry => Keeps(entry));
        for (int count = CompletePerEnter(_inKernel.Count); count > 0; count--)
            CompleteOne();
        _inKernel.InsertRange(0, kept);
    }

    /// <summary>How often the owner has slept; the test counts.</summary>
    public long Sleeps { get; set; }

    /// <summary>Entries that were carried out by the owner, in order.</summary>
    public List<IoUringSqe> Executed { get; } = [];

    public int Execute(in IoUringSqe entry)
    {
        Executed.Add(entry);
        KeepVectors(entry);
        int result = Answer(entry);
        if (result > 0 && _disks.TryGetValue(entry.fd, out byte[]? disk))
            Transfer(entry, disk.AsSpan((int)entry.off, result));
        return result;
    }

    /// <summary>Completes all that the kernel has, though nobody waits.</summary>
    public void CompleteAll()
    {
        while (_inKernel.Count > 0)
            CompleteOne();
    }

    public void Dispose() => NativeMemory.Free(_entries);

    /// <summary>The file is looked up when the entry is taken, as in the kernel.</summary>
    private IoUringSqe WithDescriptor(IoUringSqe entry)
    {
        if ((entry.flags & IoUring.IOSQE_FIXED_FILE) != 0)
            entry.fd = RegisteredFiles[entry.fd];
        return entry;
    }

    private void CompleteOne()
    {
        int index = NextToComplete(_inKernel.Count);
        IoUringSqe entry = _inKernel[index];
        _inKernel.RemoveAt(index);
        int result = Answer(entry);
        if (result > 0 && _disks.TryGetValue(entry.fd, out byte[]? disk))
            Transfer(entry, disk.AsSpan((int)entry.off, result));
        Completions.Enqueue(new IoUringCqe { user_data = entry.user_data, res = result });
    }

    /// <summary>As the kernel does with IORING_FEAT_SUBMIT_STABLE: what the vectors say counts when the entry is taken.</summary>
    private void KeepVectors(in IoUringSqe entry)
    {
        if (entry.opcode is IoUring.IORING_OP_READV or IoUring.IORING_OP_WRITEV or IoUring.IORING_OP_READV_FIXED or IoUring.IORING_OP_WRITEV_FIXED)
            _vectors[entry.user_data] = new ReadOnlySpan<Iovec>((void*)entry.addr, (int)entry.len).ToArray();
        else
            _vectors[entry.user_data] = [new Iovec { iov_base = (void*)entry.addr, iov_len = entry.len }];
    }

    private void Transfer(in IoUringSqe entry, Span<byte> medium)
    {
        bool reads = entry.opcode is IoUring.IORING_OP_READ or IoUring.IORING_OP_READV
            or IoUring.IORING_OP_READ_FIXED or IoUring.IORING_OP_READV_FIXED;
        foreach (Iovec vector in _vectors[entry.user_data])
        {
            Span<byte> memory = new(vector.iov_base, (int)Math.Min(vector.iov_len, (nuint)medium.Length));
            if (reads)
                medium[..memory.Length].CopyTo(memory);
            else
                memory.CopyTo(medium);
            medium = medium[memory.Length..];
        }
    }

    /// <summary>As kernels before 6.18 answer: EINVAL when a piece of a transfer is no whole blocks; registered memory is pieces that end with a page.</summary>
    public int WholeSegments(in IoUringSqe entry, int block)
    {
        foreach (Iovec vector in _vectors[entry.user_data])
        {
            nint at = (nint)vector.iov_base;
            nint end = at + (nint)vector.iov_len;
            while (at < end)
            {
                nint next = IsRegistered(entry) ? Math.Min(end, (at | 4095) + 1) : end;
                if ((next - at) % block != 0)
                    return -Errno.EINVAL;
                at = next;
            }
        }

        return Whole(entry);
    }

    public static bool IsRegistered(in IoUringSqe entry) => entry.opcode is IoUring.IORING_OP_READ_FIXED or IoUring.IORING_OP_WRITE_FIXED
        or IoUring.IORING_OP_READV_FIXED or IoUring.IORING_OP_WRITEV_FIXED;

    /// <summary>All of it for a transfer, success for anything else.</summary>
    public int Whole(in IoUringSqe entry) => entry.opcode switch
    {
        IoUring.IORING_OP_READ or IoUring.IORING_OP_WRITE or IoUring.IORING_OP_READ_FIXED or IoUring.IORING_OP_WRITE_FIXED => (int)entry.len,
        IoUring.IORING_OP_READV or IoUring.IORING_OP_WRITEV or IoUring.IORING_OP_READV_FIXED or IoUring.IORING_OP_WRITEV_FIXED => _vectors[entry.user_data].Sum(static vector => (int)vector.iov_len),
        IoUring.IORING_OP_FSYNC or IoUring.IORING_OP_FALLOCATE or IoUring.IORING_OP_URING_CMD or IoUring.IORING_OP_ASYNC_CANCEL or IoUring.IORING_OP_POLL_ADD => 0,
        _ => throw new InvalidOperationException($"The engine wrote an entry of opcode {entry.opcode}."),
    };
}
