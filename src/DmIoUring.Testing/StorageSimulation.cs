using System.Globalization;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Testing;

/// <summary>
/// Disks in memory that fail and lose power by a seed, and clients and reactors on them: for tests of a program that writes through DmIoUring, without root, without devices, as fast
/// as memory is. The program runs unmodified, on the library's own engine: give it a client or a reactor from here, and devices from <see cref="SimulatedDisk.Open"/>.
/// </summary>
/// <remarks>
/// <para><b>What the seed decides</b>: which requests fail at the rates of <see cref="SimulatedDiskOptions"/>, where short transfers end, in which order entries that come together reach their disks, what a
/// failed flush loses, and what a power cut leaves.</para>
/// <para><b>What is the same every time.</b> A program with one thread that submits, and waits for each request before the next, sees the same of the same seed: the same results, the same
/// log, the same bytes after a power cut. What a request meets depends on its number among those of its disk; so with several requests in flight, of several threads, lanes or awaited at once, it depends on who comes
/// first, and only what cannot happen is the same every time. The same holds for requests of more than 64 KiB whose memory does not begin at a multiple of 4,096 bytes, as that of <see cref="IoMemory"/> does: into how
/// many entries they are split can depend on its address; and with <see cref="SimulatedDiskOptions.MaxDelay"/>, <see cref="FaultyMedium.Slow"/> and time limits for the order of ends. Use
/// more seeds there.</para>
/// <para><b>Threads.</b> Any thread may use it. A request that is not held or slow is carried out by the thread that hands it to its ring: the caller's, a lane's, or that of a reactor in Poll. Time
/// is real: time limits and delays take as long as they say.</para>
/// </remarks>
public sealed class StorageSimulation : IDisposable
{
    private readonly MediumGate _gate = new();
    private readonly List<SimulatedDisk> _disks = [];

    /// <summary>The disk by the descriptor that an entry has. A number that was closed and is used again is noted anew.</summary>
    private readonly Dictionary<int, SimulatedDisk> _open = [];
    private PowerCountdown _countdown;
    private long _rings;
    private volatile bool _disposed;

    /// <summary>Makes a simulation without disks.</summary>
    /// <param name="seed">Decides what happens by chance.</param>
    public StorageSimulation(long seed) => Seed = seed;

    /// <summary>What decides what happens by chance: say it when a test fails.</summary>
    public long Seed { get; }

    /// <summary>The disks, in order of their making.</summary>
    public IReadOnlyList<SimulatedDisk> Disks
    {
        get
        {
            lock (_gate.Sync)
                return [.. _disks];
        }
    }

    /// <summary>Whether all disks have power.</summary>
    public bool HasPower
    {
        get
        {
            lock (_gate.Sync)
                return _disks.TrueForAll(static disk => disk.DownErrno == 0);
        }
    }

    /// <summary>Adds a disk of zeroes. What is never written takes no memory; what is takes twice its size, in pieces of 64 KiB: a single sector about 130 KiB.</summary>
    /// <param name="bytes">Its size, a multiple of <see cref="SimulatedDiskOptions.LogicalBlockSize"/>.</param>
    /// <param name="options">What it is like; <see langword="null"/> for the defaults.</param>
    /// <returns>The disk, which belongs to the simulation.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is not such a size, or an option is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The simulation was disposed.</exception>
    public SimulatedDisk AddDisk(long bytes, SimulatedDiskOptions? options = null)
    {
        ThrowIfDisposed();
        options ??= new SimulatedDiskOptions();
        options.Validate();
        if (bytes <= 0 || bytes % options.LogicalBlockSize != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(bytes), bytes, string.Create(CultureInfo.InvariantCulture, $"A disk has whole logical blocks, of {options.LogicalBlockSize} bytes here, and one at least."));
        }

        lock (_gate.Sync)
        {
            SimulatedDisk disk = new(this, _disks.Count, bytes, options, _gate);
            _disks.Add(disk);
            return disk;
        }
    }

    /// <summary>Makes a client for devices of this simulation.</summary>
    /// <param name="options">
    /// How it works; <see langword="null"/> for the defaults. <see cref="IoDriverOptions.Ring"/>, worker threads, polling and registrations have no effect: <see cref="DmIoClient.Capabilities"/> says "simulation".
    /// </param>
    /// <returns>The client; dispose it as any other.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The simulation was disposed.</exception>
    public DmIoClient CreateClient(DmIoOptions? options = null)
    {
        ThrowIfDisposed();
        return new DmIoClient(options ?? new DmIoOptions(), new SimulatedRingSource(this));
    }

    /// <summary>Makes a reactor for devices of this simulation.</summary>
    /// <param name="options">How it works, as with <see cref="CreateClient"/>; <see langword="null"/> for the defaults.</param>
    /// <returns>The reactor; dispose it as any other, on the thread that owns it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The simulation was disposed.</exception>
    public IoReactor CreateReactor(IoReactorOptions? options = null)
    {
        ThrowIfDisposed();
        return new IoReactor(options ?? new IoReactorOptions(), new SimulatedRingSource(this));
    }

    /// <summary>Cuts the power of all disks that have it, at one moment. Requests in flight end with EIO before this returns.</summary>
    /// <returns>What has become of what was not durable.</returns>
    /// <exception cref="InvalidOperationException">No disk has power.</exception>
    public PowerLoss CutPower()
    {
        lock (_gate.Sync)
        {
            if (!_disks.Exists(static disk => disk.DownErrno == 0))
                throw new InvalidOperationException("No disk has power. Add one, or restore the power first.");
            return Cut(striking: null);
        }
    }

    /// <summary>
    /// Has the power of all disks cut when so many more requests have arrived, at any of them: the next one is in flight then, and may be done in part. A test that counts up
    /// from 0 until <see cref="HasPower"/> is true at its end has tried every point. An earlier such order that was not carried out is replaced.
    /// </summary>
    /// <param name="requests">How many requests arrive before it; 0 for the next one.</param>
    /// <param name="operations">What counts: <see cref="MediumOperations.Changes"/> where a cut between two reads is of no interest. The default is all.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="requests"/> is negative, or <paramref name="operations"/> names none.</exception>
    public void CutPowerAfter(long requests, MediumOperations operations = MediumOperations.All)
    {
        PowerCountdown countdown = PowerCountdown.After(requests, operations);
        lock (_gate.Sync)
            _countdown = countdown;
    }

    /// <summary>Has the power back, of all disks. As <see cref="SimulatedDisk.RestorePower"/>, it also ends every <see cref="CutPowerAfter"/> that was not carried out.</summary>
    /// <exception cref="ObjectDisposedException">The simulation was disposed.</exception>
    public void RestorePower()
    {
        ThrowIfDisposed();
        lock (_gate.Sync)
        {
            _countdown = default;
            foreach (SimulatedDisk disk in _disks)
                disk.RestorePower();
        }
    }

    /// <summary>
    /// Ends all requests in flight with ENODEV, held ones too, and all that come later. Clients, reactors and devices can still be disposed. Where something is held or slow, dispose the simulation
    /// before them, or end the faults: they wait for what is in flight, up to <see cref="IoDriverOptions.DisposeTimeLimit"/>.
    /// </summary>
    public void Dispose()
    {
        lock (_gate.Sync)
        {
            if (_disposed)
                return;
            _disposed = true;
            foreach (SimulatedDisk disk in _disks)
                disk.Remove();
        }

        _gate.Dispose();
    }

    /// <summary>Human-readable: the seed.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"the simulation with seed {Seed}");

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);

    internal SimulatedExecutor NewExecutor() => new(this, Seeded.Of(Seed, -1, Interlocked.Increment(ref _rings)));

    /// <summary>An open device's descriptor is a disk's. The lock must be held.</summary>
    internal void NoteOpen(int descriptor, SimulatedDisk disk) => _open[descriptor] = disk;

    /// <summary>Counts a request towards the power cut. The lock must be held.</summary>
    internal void Arrived(MediumCall call)
    {
        if (_countdown.IsDue(call.Operation))
            Cut(call);
    }

    /// <summary>Has a disk carry out an entry.</summary>
    internal void Execute(SimulatedCall? call, in IoUringSqe entry, WorkItem? item)
    {
        SimulatedDisk? disk;
        lock (_gate.Sync)
            _open.TryGetValue(entry.fd, out disk);
        int errno = call is null ? Errno.EINVAL : disk is null ? Errno.EBADF : disk.Refuse(call);
        if (errno == 0)
        {
            disk!.Take(call!);
            return;
        }

        if (call is not null)
        {
            call.End(errno, 0);
        }
        else
        {
            item!.Result = -errno;
            item.Owner.Complete(item);
        }
    }

    private PowerLoss Cut(MediumCall? striking)
    {
        PowerLoss all = default;
        foreach (SimulatedDisk disk in _disks.Where(static disk => disk.DownErrno == 0))
        {
            PowerLoss loss = disk.Cut(striking);
            all = new PowerLoss(all.Lost + loss.Lost, all.Kept + loss.Kept);
        }

        return all;
    }
}
