using DmIoUring.Devices;
using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Testing;

/// <summary>
/// A disk in memory, of a <see cref="StorageSimulation"/>. What is opened on it (<see cref="Open"/>) is a <see cref="BlockDevice"/> like any other, for that simulation's clients and
/// reactors. It fails as it is told (<see cref="FaultyMedium.Fail"/> and the like), or by itself at the rates of its options, and loses power. Any thread may use it.
/// </summary>
/// <remarks>
/// <para><b>Durability.</b> With a volatile cache a write is durable when a flush that came after its end has ended well, or at its own end with FUA. A flush that fails loses, by
/// the seed, a part of what it should have made durable; see <see cref="SimulatedDiskOptions.FlushErrorRate"/>.</para>
/// <para><b>Discards.</b> What a discarded unit reads as is undefined: on a block device it is old data, zeroes or garbage, by the seed, and after a power cut possibly another of these,
/// until a later write of it is durable. Zeroes are zeroes; so is what is discarded of a file, or with <see cref="SimulatedDiskOptions.DiscardZeroesData"/>, or was never written.</para>
/// <para><b>Power cuts.</b> Of what is not durable then, and of writes, discards and zeroes in flight, each unit (<see cref="SimulatedDiskOptions.TornUnit"/>) is lost or left, by the seed. Where a
/// sector was written several times since it was durable, the last of these or one of the four before it may be left. Requests in flight fail with EIO, held ones too, and so do all until the power is back. A device that was opened
/// before a cut can be used after it; but a program that starts anew opens anew, and knows of no <see cref="BlockDevice.Doubt"/>.</para>
/// <para>There are no atomic writes, no zones and no NVMe commands. A change of a file's length is durable at once, and makes nothing else durable.</para>
/// </remarks>
public sealed class SimulatedDisk : FaultyMedium
{
    private readonly StorageSimulation _simulation;
    private readonly int _index;
    private readonly SimulatedDiskOptions _options;
    private DeviceDurability _durability = new();
    private PowerCountdown _countdown;
    private long _arrived;
    private long _cuts;

    internal SimulatedDisk(StorageSimulation simulation, int index, long bytes, SimulatedDiskOptions options, MediumGate gate)
        : base(new VolatileMedium(bytes, isVolatile: true, keepsOlder: true), gate, options.Logs)
    {
        _simulation = simulation;
        _index = index;
        _options = options;
        Name = options.Name ?? FormattableString.Invariant($"simulated{index}");
    }

    /// <summary>The disk's name, and the path of what is opened on it.</summary>
    public string Name { get; }

    /// <summary>Whether the power is on.</summary>
    public bool HasPower => Locked(() => DownErrno == 0);

    /// <summary>What the last power cut has done with what was not durable; <see langword="null"/> while there was none.</summary>
    public PowerLoss? LastPowerLoss
    {
        get => Locked(() => field);
        private set;
    }

    /// <summary>How many pieces of it take memory.</summary>
    internal int BlocksInMemory => Locked(() => Medium.BlockCount);

    private protected override bool WritesThrough => _options.Cache == SimulatedCache.None;

    /// <summary>Opens the disk, any number of times.</summary>
    /// <param name="access">The access.</param>
    /// <returns>A device for this simulation's clients and reactors, and for no others. Dispose it as every device.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="access"/> is no such access.</exception>
    /// <exception cref="IOException">The power is off (EIO), or the process has too many files open.</exception>
    /// <exception cref="ObjectDisposedException">The simulation was disposed.</exception>
    public BlockDevice Open(DeviceAccess access = DeviceAccess.ReadWrite)
    {
        if (access is not (DeviceAccess.Read or DeviceAccess.ReadWrite))
            throw new ArgumentOutOfRangeException(nameof(access), access, "There is no such DeviceAccess.");
        _simulation.ThrowIfDisposed();

        // As a block device that is set read-only: it can be opened, and fails each write.
        SimulatedBacking backing = new(_simulation, this, _options.IsReadOnly || access == DeviceAccess.Read);
        SafeFileHandle handle = OpenNothing();
        lock (Gate.Sync)
        {
            try
            {
                if (DownErrno != 0)
                    throw new IOException($"{Name} can't be opened: the power is off ({Errno.Name(DownErrno)}). Restore it first.", DownErrno);
                BlockDevice device = new(Name, handle, ownsHandle: true, backing.Geometry, _durability, Name, backing);
                _simulation.NoteOpen(device.Descriptor, this);
                return device;
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        }
    }

    /// <summary>Cuts the power of this disk, now. Requests in flight end with EIO before this returns.</summary>
    /// <returns>What has become of what was not durable.</returns>
    /// <exception cref="InvalidOperationException">The power is off already.</exception>
    public PowerLoss CutPower()
    {
        lock (Gate.Sync)
        {
            if (DownErrno != 0)
                throw new InvalidOperationException($"The power of {Name} is off already. Restore it first.");
            return Cut(striking: null);
        }
    }

    /// <summary>Has the power of this disk cut when so many more requests have arrived at it: the next one is in flight then. An earlier such order that was not carried out is replaced.</summary>
    /// <param name="requests">How many requests arrive before it; 0 for the next one.</param>
    /// <param name="operations">What counts. The default is all.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="requests"/> is negative, or <paramref name="operations"/> names none.</exception>
    public void CutPowerAfter(long requests, MediumOperations operations = MediumOperations.All)
    {
        PowerCountdown countdown = PowerCountdown.After(requests, operations);
        lock (Gate.Sync)
            _countdown = countdown;
    }

    /// <summary>Has the power back, as after a reboot: what is opened from now on knows of no failed flush. Ends a <see cref="CutPowerAfter"/> that was not carried out. Does no more where the power is on.</summary>
    /// <exception cref="ObjectDisposedException">The simulation was disposed.</exception>
    public void RestorePower()
    {
        _simulation.ThrowIfDisposed();
        lock (Gate.Sync)
        {
            _countdown = default;
            if (DownErrno == 0)
                return;
            ComeUp();
            _durability = new DeviceDurability();
        }
    }

    /// <summary>The name.</summary>
    /// <returns>The name.</returns>
    public override string ToString() => Name;

    internal DeviceGeometry GeometryOf(bool isReadOnly)
    {
        int block = _options.LogicalBlockSize;
        return new DeviceGeometry
        {
            Size = Size,
            LogicalBlockSize = block,
            PhysicalBlockSize = block,
            ReportedMemoryAlignment = _options.MemoryAlignment,
            MemoryAlignment = _options.MemoryAlignment,
            OffsetAlignment = block,
            SegmentAlignment = block,
            IsSegmentRuleKnown = true,
            IsReadOnly = isReadOnly,
            IsDirect = true,
            IsBlockDevice = !_options.IsFile,
            AlignmentSource = "the simulation",
            AtomicWriteLimits = (0, 0),
            Major = 0,
            Minor = 0,
            Cache = _options switch
            {
                { IsFile: true } => VolatileCache.Unknown,
                { Cache: SimulatedCache.WithFua } => VolatileCache.WithFua,
                { Cache: SimulatedCache.WithoutFua } => VolatileCache.WithoutFua,
                _ => VolatileCache.None,
            },
        };
    }

    internal DeviceAbilities Abilities => new()
    {
        HasVolatileCache = _options.Cache != SimulatedCache.None,
        HasFua = _options.Cache == SimulatedCache.WithFua,
        MaxDiscardBytes = _options.HasDiscard ? uint.MaxValue : 0,
        HasRingDiscards = _options is { HasDiscard: true, IsFile: false } ? true : null,
        MaxWriteZeroesBytes = _options.HasWriteZeroes ? uint.MaxValue : 0,
        HasPolledQueues = false,
        NeedsWorkers = false,
        IsInline = false,
        QueueDepth = null,
        ZoneModel = "none",
        PhysicalBlockSize = _options.LogicalBlockSize,
        Source = "the simulation",
    };

    /// <summary>Changes a file's length.</summary>
    internal int Resize(long length, bool mayShrink)
    {
        lock (Gate.Sync)
        {
            if (DownErrno != 0)
                return -DownErrno;
            if (length > Medium.Size || mayShrink)
                Medium.Resize(length, InFlight.Select(static call => call.Flushed).OfType<List<WrittenSector>>());
            return 0;
        }
    }

    /// <summary>What the kernel refuses before the disk sees it; 0 for nothing.</summary>
    internal int Refuse(SimulatedCall call)
    {
        if (call.Operation == MediumOperations.Discard)
            return (call.IsDiscard ? _options.HasDiscard : _options.HasWriteZeroes) ? 0 : Errno.EOPNOTSUPP;
        bool isAligned = ((call.Offset | call.Length) & (_options.LogicalBlockSize - 1)) == 0 && call.IsMemoryAligned(_options.MemoryAlignment);
        return isAligned ? 0 : Errno.EINVAL;
    }

    /// <summary>Cuts the power. The lock must be held.</summary>
    /// <param name="striking">The request at whose arrival it is cut; null for none.</param>
    internal PowerLoss Cut(MediumCall? striking)
    {
        foreach (MediumCall call in InFlight.Where(static call => call.DownErrno == 0))
            Store(call, durable: false);

        PowerLoss loss = Medium.Cut(Seeded.Of(_simulation.Seed, _index, _cuts++, _arrived), _options.TornSectors);
        LastPowerLoss = loss;
        GoDown(Errno.EIO);
        EndInFlight(striking);
        return loss;
    }

    /// <summary>Fails everything from now on, for good. The lock must be held.</summary>
    internal void Remove()
    {
        GoDown(Errno.ENODEV);
        EndInFlight();
    }

    private protected override void Arrived(MediumCall call)
    {
        call.Arrival = ++_arrived;
        _simulation.Arrived(call);
        if (DownErrno == 0 && _countdown.IsDue(call.Operation))
            Cut(call);
    }

    /// <summary>Draws what becomes of a request, by its number alone.</summary>
    private protected override void NotStruck(MediumCall call)
    {
        Seeded random = Seeded.Of(_simulation.Seed, _index, call.Arrival, 0);
        bool retries = random.Happens(_options.RetryRate);
        bool fails = random.Happens(call.Operation switch
        {
            MediumOperations.Read => _options.ReadErrorRate,
            MediumOperations.Flush => _options.FlushErrorRate,
            _ => _options.WriteErrorRate,
        });
        bool isShort = random.Happens(_options.ShortTransferRate);
        call.Delay = MediumGate.Sum(call.Delay, _options.MaxDelay * random.NextShare());
        long blocks = call.Length / _options.LogicalBlockSize;
        if (retries)
        {
            call.Errno = Errno.EAGAIN;
        }
        else if (fails)
        {
            call.Errno = Errno.EIO;
            call.Torn = random.BelowLong(blocks + 1) * _options.LogicalBlockSize;
        }
        else if (isShort && blocks > 1 && call.Operation is MediumOperations.Read or MediumOperations.Write)
        {
            call.Most = (1 + random.BelowLong(blocks - 1)) * _options.LogicalBlockSize;
        }
    }

    private protected override void Failed(MediumCall call, int errno)
    {
        Store(call, WritesThrough);

        // Not carried out at all with these.
        if (call.Operation == MediumOperations.Flush && errno is not (Errno.EAGAIN or Errno.EINTR or Errno.EINVAL or Errno.EOPNOTSUPP))
            Medium.Lose(call.Flushed!, Seeded.Of(_simulation.Seed, _index, call.Arrival, 1), _options.TornSectors);
    }

    private protected override void Erase(MediumCall call, long length, bool durable)
    {
        if (call is SimulatedCall { IsDiscard: true } && _options is { IsFile: false, DiscardZeroesData: false })
            Medium.Discard(call.Offset, length, durable, Seeded.Of(_simulation.Seed, _index, call.Arrival, 2), _options.TornSectors);
        else
            base.Erase(call, length, durable);
    }

    /// <summary>Puts on the medium what a request that fails, or is in flight when the power goes, may leave there.</summary>
    private void Store(MediumCall call, bool durable)
    {
        if (PartOf(call) is not (> 0 and var part))
            return;
        if (call.Operation == MediumOperations.Write)
            call.CopyTo(Medium, part, durable);
        else if (call.Operation == MediumOperations.Discard)
            Erase(call, part, durable);
    }

    /// <summary>A descriptor on which every transfer fails: open as a path only.</summary>
    private static SafeFileHandle OpenNothing()
    {
        int descriptor = Libc.Open("/", FileAbi.O_PATH | FileAbi.O_CLOEXEC, 0);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"A simulated disk can't be opened: {Errno.Name(-descriptor)}.", -descriptor);
    }
}
