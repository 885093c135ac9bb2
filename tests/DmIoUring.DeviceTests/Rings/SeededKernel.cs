using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Rings;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Rings;

/// <summary>
/// What is behind a <see cref="SeededRing"/>: real devices under a kernel that takes its time. It takes part of what is published,
/// completes in any order, comes back early, says EAGAIN and EINTR, and transfers less than it was asked; its clock is virtual.
/// </summary>
/// <remarks>The entries' own work is done by <see cref="EntryExecution"/>, so what is on the devices is real.</remarks>
internal sealed unsafe class SeededKernel : IDisposable
{
    private readonly Random _random;
    private readonly IoUringSqe* _entries;
    private readonly int _queueLength;
    private readonly List<(IoUringSqe Entry, Iovec[] Vectors)> _inKernel = [];
    private readonly Queue<IoUringCqe> _completions = [];
    private int _queued;
    private int _wakeDescriptor = -1;

    public SeededKernel(int seed, int capacity)
    {
        _random = new Random(seed);
        Capacity = capacity;
        _queueLength = _random.Next(1, 17);
        _entries = (IoUringSqe*)NativeMemory.AllocZeroed((nuint)_queueLength, (nuint)sizeof(IoUringSqe));
    }

    public int Capacity { get; }

    public long Clock { get; private set; }

    public long EnterCount { get; private set; }

    public bool HasQueued => _queued > 0;

    public bool HasCompletions => _completions.Count > 0;

    public int Room => _queueLength - _queued;

    public IoUringSqe* TryNext()
    {
        if (_queued == _queueLength)
            return null;
        IoUringSqe* entry = &_entries[_queued++];
        *entry = default;
        return entry;
    }

    public void Enter(uint minComplete, long timeout)
    {
        EnterCount++;
        Clock += 1000;
        TakeOver(_random.Next(4) == 0 ? _random.Next(_queued + 1) : _queued);
        for (int count = _random.Next(_inKernel.Count + 1); count > 0; count--)
            CompleteOne();
        if (minComplete > 0 && _completions.Count == 0 && _inKernel.Count == 0 && _queued == 0)
            Sleep(timeout);
    }

    public int Take(Span<IoUringCqe> into)
    {
        int count = 0;
        while (count < into.Length && _completions.TryDequeue(out IoUringCqe completion))
            into[count++] = completion;
        return count;
    }

    public void Dispose() => NativeMemory.Free(_entries);

    private void TakeOver(int count)
    {
        for (int i = 0; i < count; i++)
        {
            ref readonly IoUringSqe entry = ref _entries[i];
            if (entry.opcode == IoUring.IORING_OP_POLL_ADD)
                _wakeDescriptor = entry.fd;
            else if (entry.opcode == IoUring.IORING_OP_ASYNC_CANCEL)
                Cancel(entry);
            else
                _inKernel.Add((entry, VectorsOf(entry)));
        }

        for (int i = count; i < _queued; i++)
            _entries[i - count] = _entries[i];
        _queued -= count;
    }

    private void Cancel(in IoUringSqe cancel)
    {
        ulong target = cancel.addr;
        int index = _inKernel.FindIndex(operation => operation.Entry.user_data == target);
        bool wins = index >= 0 && _random.Next(2) == 0;
        if (wins)
        {
            _inKernel.RemoveAt(index);
            _completions.Enqueue(new IoUringCqe { user_data = target, res = -Errno.ECANCELED });
        }

        _completions.Enqueue(new IoUringCqe { user_data = cancel.user_data, res = wins ? 0 : index < 0 ? -Errno.ENOENT : -Errno.EALREADY });
    }

    private void CompleteOne()
    {
        int index = _random.Next(_inKernel.Count);
        (IoUringSqe entry, Iovec[] vectors) = _inKernel[index];
        _inKernel.RemoveAt(index);
        int result = _random.Next(12) switch
        {
            0 => -Errno.EAGAIN,
            1 => -Errno.EINTR,
            _ => vectors.Length > 0 ? Transfer(entry, vectors) : EntryExecution.Run(entry),
        };
        _completions.Enqueue(new IoUringCqe { user_data = entry.user_data, res = result });
    }

    /// <summary>All of it, or whole blocks from its beginning, of which it may tell of fewer bytes than it moved.</summary>
    private int Transfer(IoUringSqe entry, Iovec[] vectors)
    {
        long length = vectors.Sum(static vector => (long)vector.iov_len);
        int segment = OddDevice.SegmentAlignment(entry.fd);
        if (vectors.Any(vector => (long)vector.iov_len % segment != 0))
            return -Errno.EINVAL;
        int block = BlockOf(entry.fd);
        bool isShort = length > block && (entry.rw_flags & FileAbi.RWF_ATOMIC) == 0 && _random.Next(3) == 0;
        if (isShort)
            vectors = Cut(vectors, block * _random.NextInt64(1, (length / block) + 1));
        bool reads = entry.opcode is IoUring.IORING_OP_READ or IoUring.IORING_OP_READV;
        entry.opcode = reads ? IoUring.IORING_OP_READV : IoUring.IORING_OP_WRITEV;
        fixed (Iovec* first = vectors)
        {
            entry.addr = (ulong)first;
            entry.len = (uint)vectors.Length;
            int result = EntryExecution.Run(entry);
            return isShort && result > 1 ? result - _random.Next(2) * _random.Next(result) : result;
        }
    }

    /// <summary>The device's logical block; a page for a file, whose file system is not asked.</summary>
    private static int BlockOf(int descriptor)
    {
        int block;
        return Libc.Ioctl(descriptor, BlockAbi.BLKSSZGET, &block) == 0 ? block : 4096;
    }

    private static Iovec[] Cut(Iovec[] vectors, long bytes)
    {
        List<Iovec> cut = [];
        foreach (Iovec vector in vectors)
        {
            nuint run = Math.Min(vector.iov_len, (nuint)bytes);
            cut.Add(vector with { iov_len = run });
            bytes -= (long)run;
            if (bytes == 0)
                break;
        }

        return [.. cut];
    }

    /// <summary>Copied when the entry is taken over, as the kernel does (IORING_FEAT_SUBMIT_STABLE). None when it transfers nothing.</summary>
    private static Iovec[] VectorsOf(in IoUringSqe entry) => entry.opcode switch
    {
        IoUring.IORING_OP_READV or IoUring.IORING_OP_WRITEV => new ReadOnlySpan<Iovec>((void*)entry.addr, (int)entry.len).ToArray(),
        IoUring.IORING_OP_READ or IoUring.IORING_OP_WRITE => [new Iovec { iov_base = (void*)entry.addr, iov_len = entry.len }],
        _ => [],
    };

    /// <summary>Time passes at once; only another thread's wake-up is really waited for.</summary>
    private void Sleep(long timeout)
    {
        Pollfd wake = new() { fd = _wakeDescriptor, events = FileAbi.POLLIN };
        KernelTimespec none = default;
        if (Libc.Ppoll(&wake, 1, timeout < 0 ? null : &none) > 0)
            WakeEvent.Drain(_wakeDescriptor);
        Clock += Math.Max(timeout, 0);
    }
}
