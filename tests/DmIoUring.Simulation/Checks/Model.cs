using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Simulation.Kernel;

namespace DmIoUring.Simulation.Checks;

/// <summary>What must hold. It is told of every entry and every answer as the engine sees them, and judges each end.</summary>
internal sealed unsafe partial class Model(SimulatedDisk[] disks, Verdict verdict)
{
    private static readonly byte[] Zeroes = new byte[IoRegion.SectorSize];
    private readonly SectorHistory[] _histories = [.. disks.Select(static disk => new SectorHistory(disk))];
    private readonly Dictionary<int, List<ModelRegion>> _byDescriptor = [];
    private readonly Dictionary<int, FlushLog> _flushes = [];
    private readonly List<ModelRequest> _outstanding = [];
    private readonly List<ModelRequest> _abandoned = [];
    private long _sequence;

    public IReadOnlyList<ModelRequest> Outstanding => _outstanding;

    /// <summary>Requests that have ended while the kernel still had something of their private copies.</summary>
    public IReadOnlyList<ModelRequest> Abandoned => _abandoned;

    /// <summary>Told when nothing of a request is in the kernel any more, and its sectors are free for others.</summary>
    public Action<ModelRequest> Settled { get; set; } = static _ => { };

    public int Ended { get; private set; }

    /// <summary>Memory that belongs to callers or to the page pool: an entry has no business in it but in its own request's.</summary>
    public Func<nint, bool> IsCallersMemory { get; init; } = static _ => false;

    /// <summary>Takes a request, if it has not got it yet: one that could not go the straight way after all was known before it was tried.</summary>
    public void Submit(ModelRequest request)
    {
        if (_outstanding.Contains(request))
            return;
        request.Since = ++_sequence;
        _outstanding.Add(request);
        if (_abandoned.Find(other => other.Copy is { } copy && (copy.Overlaps(request.Copy) || copy.Overlaps(request.Buffer))) is { } owner)
            verdict.Fail($"{request} was given pages that the kernel still has for {owner}.");
        foreach (ModelRegion region in request.Regions)
        {
            Of(region.Region.Device.Descriptor).Add(region);
            region.Begin(FlushesOf(region.Region.Device.Descriptor));
            if (region.IsRefused || request.Operation is IoOperation.Read or IoOperation.Flush)
                continue;
            for (long at = region.Start; at < region.End; at += IoRegion.SectorSize)
                _histories[region.Disk.Index].Begin(at / IoRegion.SectorSize, ValueOf(region, at));
        }
    }

    /// <summary>Whether a region may be given this opening of a disk: an entry must tell whose it is.</summary>
    public bool IsFree(int descriptor, long start, long end) =>
        !_byDescriptor.TryGetValue(descriptor, out List<ModelRegion>? regions)
        || !regions.Exists(region => region.Start < end && start < region.End);

    /// <summary>Whether nothing is under way on an opening of a disk.</summary>
    public bool IsIdle(int descriptor) => !_byDescriptor.TryGetValue(descriptor, out List<ModelRegion>? regions) || regions.Count == 0;

    /// <summary>The kernel begins a flush.</summary>
    public void FlushBegan(KernelOperation operation) => operation.Began = ++_sequence;

    /// <summary>The embedder has dealt with a disk's doubt: a flush covers what is submitted from now on.</summary>
    public void Acknowledge(SimulatedDisk disk) => _histories[disk.Index].Acknowledge(++_sequence);

    /// <summary>The engine has dealt with the answers that it had taken, and takes others.</summary>
    public void SettleFlushes()
    {
        // Later than whatever the callbacks have submitted that ran meanwhile, be it the last thing that has happened.
        _sequence++;
        foreach (FlushLog log in _flushes.Values)
            log.Settle(_sequence);
    }

    /// <summary>The answer to an entry has reached the engine.</summary>
    public void Completed(KernelOperation operation, int result)
    {
        _sequence++;
        if (operation.IsFlush)
            FlushesOf(operation.Entry.fd).Ended(operation.Began, result);
        else
            operation.Region!.Completed(operation, result, _sequence);
    }

    public void Issued(KernelOperation operation)
    {
        IoUringSqe entry = operation.Entry;
        ModelRegion? region = operation.IsFlush
            ? Of(entry.fd).Find(static region => region.MustBeFlushed) ?? Of(entry.fd).Find(static region => region.MayBeFlushed)
            : Of(entry.fd).Find(region => region.Holds(operation.Offset) && IsFor(region.Request.Operation, operation));
        if (region is null)
            verdict.Fail($"Entry #{operation.Number} (opcode {entry.opcode}, descriptor {entry.fd:x}, bytes {operation.Offset}+{operation.Length}) is for no region of any request under way.");
        operation.Region = region;
        if (operation.IsFlush)
            return;
        region.Request.InKernel++;
        region.IssueData(operation);
        if (!operation.Transfers)
            return;
        uint flags = (region.Request.Flags & IoFlags.Fua) != 0 && !region.IsFlushedByParts ? FileAbi.RWF_DSYNC : 0u;
        flags |= region.IsAtomic ? FileAbi.RWF_ATOMIC : 0u;
        if (entry.rw_flags != flags)
            verdict.Fail($"{operation} has the flags 0x{entry.rw_flags:x} instead of 0x{flags:x}.");
        if (entry.ioprio != region.Request.Priority.Value)
            verdict.Fail($"{operation} has the priority 0x{entry.ioprio:x}.");
    }

    /// <summary>Whether an entry's memory is its request's; if not, it must be the engine's own.</summary>
    public bool IsMemoryOf(ModelRequest request, ReadOnlySpan<Iovec> vectors)
    {
        bool own = true;
        foreach (Iovec vector in vectors)
        {
            nint start = (nint)vector.iov_base;
            bool inside = (request.Copy ?? request.Buffer)?.Contains(start, (long)vector.iov_len) ?? false;
            if (!inside && IsCallersMemory(start))
                verdict.Fail($"An entry of {request} has memory of {vector.iov_len} bytes that is not the request's.");
            own &= inside;
        }

        return own;
    }

    /// <summary>A request was ended with a result. Everything that can be said of it by now is checked.</summary>
    public void End(ModelRequest request, in IoResult result)
    {
        if (request.HasEnded)
            verdict.Fail($"{request} has ended twice.");
        request.HasEnded = true;
        Ended++;
        bool isAbandoned = request.InKernel > 0;
        if (isAbandoned && !request.MayBeAbandoned)
            verdict.Fail($"{request} has ended and {request.InKernel} of its entries are in the kernel.");
        foreach (ModelRegion region in request.Regions)
        {
            if (isAbandoned)
                region.Abandon();
            region.CheckEnded(((result.Failed.Value | result.Unsupported.Value) & (1ul << region.Index)) == 0);
        }

        CheckResult(request, result);
        CheckMemory(request);
        _outstanding.Remove(request);
        if (isAbandoned)
            _abandoned.Add(request);
        else
            Settle(request);
        _sequence++;
    }

    /// <summary>After the kernel has answered: settles what was abandoned and is not in the kernel any more.</summary>
    public void SettleAbandoned()
    {
        for (int i = _abandoned.Count - 1; i >= 0; i--)
        {
            ModelRequest request = _abandoned[i];
            if (request.InKernel > 0)
                continue;
            _abandoned.RemoveAt(i);
            Settle(request);
        }
    }

    /// <summary>After a power cut every sector holds something that it was not promised to have lost.</summary>
    public void CheckSurvivors()
    {
        foreach (SimulatedDisk disk in disks)
        {
            for (int sector = 0; sector < disk.Traits.Sectors; sector++)
            {
                if (!_histories[disk.Index].MaySurvive(sector, disk.Sector(sector)))
                    verdict.Fail($"After the power cut disk {disk.Index} has lost sector {sector}, which a flush or FUA had made sure of.");
            }
        }
    }

    /// <summary>What is durable at this moment holds what was promised: a power cut now would show it.</summary>
    private void CheckDurable(SimulatedDisk disk)
    {
        for (int sector = 0; sector < disk.Traits.Sectors; sector++)
        {
            if (!_histories[disk.Index].MaySurvive(sector, disk.DurableSector(sector)))
                verdict.Fail($"Disk {disk.Index} sector {sector} is not durable, and a flush or FUA has ended well that had made sure of it.");
        }
    }

    /// <summary>At the end every sector holds what the last write put there, or what a failed one may have.</summary>
    public void CheckDisks()
    {
        foreach (SimulatedDisk disk in disks)
        {
            for (int sector = 0; sector < disk.Traits.Sectors; sector++)
            {
                if (!_histories[disk.Index].MayBeRead(sector, 0, disk.Sector(sector)))
                    verdict.Fail($"Disk {disk.Index} sector {sector} holds bytes that nobody wrote there.");
            }
        }
    }

    private static bool IsFor(IoOperation wanted, KernelOperation operation) => wanted switch
    {
        IoOperation.Read => operation.Reads,
        IoOperation.Write => operation.Writes,
        IoOperation.Discard => operation.IsDiscard,
        IoOperation.WriteZeroes => operation.IsZeroRange || operation.Writes,
        _ => false,
    };

    private static SectorValue ValueOf(ModelRegion region, long at) => region.Request.Operation switch
    {
        IoOperation.Write => new SectorValue(region.Request.Content, (int)(region.Region.BufferOffset + at - region.Start), region),
        IoOperation.WriteZeroes => new SectorValue(Zeroes, 0, region),
        _ => new SectorValue(null, 0, region),
    };

    private void Settle(ModelRequest request)
    {
        foreach (ModelRegion region in request.Regions)
        {
            Settle(region);
            Of(region.Region.Device.Descriptor).Remove(region);
        }

        Settled(request);
    }

    private FlushLog FlushesOf(int descriptor)
    {
        if (!_flushes.TryGetValue(descriptor, out FlushLog? log))
            _flushes[descriptor] = log = new FlushLog();
        return log;
    }

    private List<ModelRegion> Of(int descriptor)
    {
        if (!_byDescriptor.TryGetValue(descriptor, out List<ModelRegion>? regions))
            _byDescriptor[descriptor] = regions = [];
        return regions;
    }
}
