using DmIoUring.Interop;

namespace DmIoUring.Simulation.Kernel;

/// <content>From an entry taken to its completion.</content>
internal sealed unsafe partial class SimulatedKernel
{
    private const long Microsecond = 1_000;
    private const long Second = 1_000_000_000;
    private readonly List<KernelOperation> _held = [];

    /// <summary>Whether the disks have lost their power.</summary>
    public bool IsDark { get; private set; }

    /// <summary>Lets everything start that was held.</summary>
    public void Release()
    {
        Holds = false;
        foreach (KernelOperation operation in _held)
            At(Now, () => Start(operation));
        _held.Clear();
    }

    /// <summary>The disks lose their power: what is in flight fails, and what was not flushed may be gone.</summary>
    public void CutPower()
    {
        IsDark = true;
        _coverage.Add(Covered.PowerCuts);
        _trace.Write("POWER CUT");
        foreach (KernelOperation operation in _live)
        {
            if (operation.Writes && operation.Stage == OperationStage.Moving && operation.Parts.Count > 0)
                _coverage.Add(Covered.TornWrites);
        }

        foreach (SimulatedDisk disk in _disks)
            _coverage.Add(Covered.LostSectors, disk.CutPower(_random));
    }

    private void ScheduleStart(KernelOperation operation)
    {
        operation.CanBeCancelled = true;
        operation.IsInWorker = _random.OneIn(3);
        long delay = _random.NextLong(0, 50 * Microsecond);
        if (Happens(_scenario.Stuck))
        {
            _coverage.Add(Covered.StuckEntries);
            delay = _random.NextLong(60 * Second, 200 * Second);
        }

        At(Now + delay, () => Start(operation));
    }

    private void Start(KernelOperation operation)
    {
        if (operation.Stage != OperationStage.Taken)
            return;
        if (Holds)
        {
            _held.Add(operation);
            return;
        }

        if (operation.IsReadAgain && _random.OneIn(4))
            _verdict.Fail($"{operation} is tried again by a worker, which reads its entry again: the place is another's by now.");
        operation.Stage = OperationStage.Moving;
        operation.CanBeCancelled = false;
        Plan(operation);
        Go(operation);
    }

    /// <summary>The next part of a transfer, or its end.</summary>
    private void Go(KernelOperation operation)
    {
        long delay = _random.NextLong(0, 100 * Microsecond);
        if (Happens(_scenario.Late))
        {
            _coverage.Add(Covered.LateCompletions);
            delay = _random.NextLong(Microsecond, Second);
        }

        At(Now + delay, () =>
        {
            if (operation.Stage != OperationStage.Moving)
                return;
            if (operation.Parts.TryPop(out (int From, int To) part))
            {
                if (!IsDark)
                    Move(operation, part.From, part.To);
                Go(operation);
                return;
            }

            Finish(operation);
        });
    }

    /// <summary>A system call of the owner: it starts, moves everything and ends before anything else happens.</summary>
    public int Execute(IoUringSqe entry)
    {
        NoteQueued();
        KernelOperation operation = Note(entry);
        if (!operation.Transfers)
            _verdict.Fail($"{operation} was carried out by the owner: it may sleep.");
        CheckTransfer(operation);
        _coverage.Add(Covered.InlineTransfers);
        _order++;
        Now += _random.NextLong(0, 10 * Microsecond);
        Plan(operation);
        while (operation.Parts.TryPop(out (int From, int To) part))
        {
            if (!IsDark)
                Move(operation, part.From, part.To);
        }

        Settle(operation);
        operation.Stage = OperationStage.Ended;
        _trace.Write($"executed {operation}: {Describe(operation.Result)}");
        _model.Completed(operation, operation.Result);
        _model.SettleAbandoned();
        return operation.Result;
    }

    private void Finish(KernelOperation operation)
    {
        Settle(operation);
        Post(operation, operation.Result);
    }

    private void Settle(KernelOperation operation)
    {
        SimulatedDisk disk = operation.Region!.Disk;
        if (IsDark)
            operation.Result = -Errno.EIO;
        if (operation.Result is -Errno.EIO or -Errno.ENOSPC && (operation.IsFlush || operation.FlushesToo) && !IsDark)
            LoseCache(disk, operation);
        if (operation.Result >= 0)
        {
            if (operation.IsFlush && operation.Region.IsFlushedLast)
                _coverage.Add(Covered.LastFlushes);
            if (operation.IsFlush)
                disk.EndFlush(operation.Flush!);
            else if (operation.IsZeroRange)
                disk.Write(operation.Offset, new byte[operation.Length]);
            else if (operation.IsDiscard)
                Discard(disk, operation);
            else if (operation.Writes && (operation.Entry.rw_flags & FileAbi.RWF_DSYNC) != 0)
                disk.Persist(operation.Offset, operation.Result);
        }
    }

    /// <summary>A flush has failed, and with it some of what it was to keep, for good: no later flush keeps that.</summary>
    private void LoseCache(SimulatedDisk disk, KernelOperation operation)
    {
        if (_random.OneIn(2))
            return;

        // Of what is still being written the device has not said yet that it has it.
        foreach (FlushedSector flushed in operation.Flush!)
        {
            long at = flushed.Sector * IoRegion.SectorSize;
            bool isInFlight = _live.Exists(live => live.Writes && live.Region!.Disk == disk && live.Offset < at + IoRegion.SectorSize && at < live.Offset + live.Length);
            if (!isInFlight && disk.TryLose(flushed))
                _coverage.Add(Covered.DroppedSectors);
        }
    }

    /// <summary>Nothing is promised of what is read there afterwards.</summary>
    private void Discard(SimulatedDisk disk, KernelOperation operation)
    {
        byte[] sector = new byte[IoRegion.SectorSize];
        for (long at = operation.Offset; at < operation.Offset + operation.Length; at += sector.Length)
        {
            sector.AsSpan().Fill(_random.Pick((byte)0, (byte)0xFF));
            if (!_random.OneIn(3))
                disk.Write(at, sector);
        }
    }

    /// <summary>Decides the result, and which bytes move at which time.</summary>
    private void Plan(KernelOperation operation)
    {
        SimulatedDisk disk = operation.Region!.Disk;
        operation.Result = IsDark ? -Errno.EIO : Decide(operation, disk);
        if (operation.IsFlush)
            _model.FlushBegan(operation);
        if (operation.IsFlush || operation.FlushesToo)
            operation.Flush = disk.BeginFlush();
        if (!operation.Transfers)
            return;

        // What failed may have moved something; what was interrupted too, and the kernel does not tell.
        int moves = operation.Result >= 0 ? operation.Result : _random.OneIn(2) ? 0 : _random.Next((int)operation.Length + 1);
        int unit = disk.Traits.OffsetAlignment > 1 ? IoRegion.SectorSize : 1;
        if (operation.Writes)
            moves -= moves % unit;
        if (operation.IsAtomic)
        {
            // All of it at one moment, or nothing.
            if (moves == (int)operation.Length)
                operation.Parts.Push((0, moves));
            return;
        }

        int at = 0;
        List<(int From, int To)> parts = [];
        for (int left = _random.Next(1, 4); left > 0 && at < moves; left--)
        {
            int to = left == 1 ? moves : at + _random.Next(moves - at + 1);
            to -= left == 1 ? 0 : to % unit;
            if (to > at)
                parts.Add((at, to));
            at = Math.Max(at, to);
        }

        if (_random.OneIn(2))
            parts.Reverse();
        parts.ForEach(operation.Parts.Push);
    }

    private int Decide(KernelOperation operation, SimulatedDisk disk)
    {
        if (Happens(_scenario.Again))
            return Answer(-Errno.EAGAIN, Covered.Again);
        if (Happens(_scenario.Interrupt))
            return Answer(-Errno.EINTR, Covered.Interrupted);
        if (operation.IsFlush)
            return Happens(_scenario.FailFlush) ? Answer(-_random.Pick(Errno.EIO, Errno.EIO, Errno.ENOSPC, Errno.EOPNOTSUPP), Covered.FailedFlushes) : 0;
        if (operation.Offset < 0 || operation.Offset + operation.Length > disk.Content.Length)
            _verdict.Fail($"{operation} is beyond the end of a disk of {disk.Content.Length} bytes.");
        if (operation.IsDiscard && !disk.Traits.HasDiscard)
            return Answer(-Errno.EOPNOTSUPP, disk.Traits.IsBlockDevice ? Covered.DiscardsByIoctl : Covered.Discards);
        if (operation.IsZeroRange && !disk.Traits.HasZeroRange)
            return Answer(-Errno.EOPNOTSUPP, Covered.ZeroesWithoutTheDevice);
        if (disk.IsBusy(operation.Offset, operation.Length))
            return Answer(-Errno.EAGAIN, Covered.Again);
        if (disk.TryFindBad(operation.Offset, operation.Length, out long bad, out int errno))
        {
            bool tells = operation.Transfers && !operation.IsAtomic && bad > operation.Offset && _random.OneIn(2);
            return Answer(tells ? (int)(bad - operation.Offset) : -errno, Covered.BadSectors);
        }

        return operation.Transfers ? DecideLength(operation, disk) : 0;
    }

    private int DecideLength(KernelOperation operation, SimulatedDisk disk)
    {
        int length = (int)operation.Length;
        if (Happens(_scenario.EndEarly))
            return Answer(0, Covered.EndedEarly);
        if (operation.IsAtomic || !Happens(_scenario.Short))
            return length;
        int block = disk.Traits.LogicalBlock;
        int result = _random.OneIn(2) && length >= 2 * block ? block * _random.Next(1, length / block) : _random.Next(1, length + 1);
        if (result % block != 0)
            _coverage.Add(Covered.ShortsInsideABlock);
        return result < length ? Answer(result, Covered.ShortTransfers) : length;
    }

    private int Answer(int result, Covered what)
    {
        _coverage.Add(what);
        return result;
    }

    /// <summary>Moves some bytes of a transfer between its memory and the disk.</summary>
    private static void Move(KernelOperation operation, int from, int to)
    {
        SimulatedDisk disk = operation.Region!.Disk;
        long skip = from;
        long left = to - from;
        long offset = operation.Offset + from;
        foreach (Iovec vector in operation.Vectors)
        {
            long run = (long)vector.iov_len;
            if (skip >= run)
            {
                skip -= run;
                continue;
            }

            int step = (int)Math.Min(run - skip, left);
            Span<byte> memory = new((byte*)vector.iov_base + skip, step);
            if (operation.Reads)
                disk.Content.AsSpan((int)offset, step).CopyTo(memory);
            else
                disk.Write(offset, memory);
            offset += step;
            left -= step;
            skip = 0;
            if (left == 0)
                return;
        }
    }
}
