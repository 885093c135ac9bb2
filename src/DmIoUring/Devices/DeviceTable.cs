using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DmIoUring.Telemetry;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Devices;

/// <summary>
/// The devices that one engine holds open, so that a request needs neither a reference count that is shared between threads nor a lookup of the
/// descriptor in the kernel. Its slots are those of the ring's registered files.
/// </summary>
/// <remarks>
/// All members but <see cref="ReleaseDisposedAsync"/> must be called on the owning thread. A device that is disposed calls that on any thread. A device
/// references its tables and a table its devices; disposing either ends both references.
/// </remarks>
internal sealed class DeviceTable
{
    /// <summary>No slot: the user of the device has counted a reference itself.</summary>
    public const int NoSlot = -1;

    /// <summary>The most devices held at once. A further device replaces one without requests in flight.</summary>
    public const int Slots = 256;

    /// <summary>Transfers that use the ring after an inline one has slept, and the most after it has slept often.</summary>
    private const int FirstInlinePause = 64;
    private const int LongestInlinePause = 1 << 20;

    /// <summary>So many inline transfers without sleeping make up for one that slept.</summary>
    private const int RareSleep = 1024;

    private readonly DeviceSlot[] _slots = new DeviceSlot[Slots];
    private readonly Func<int, int, int>? _register;
    private readonly ConcurrentQueue<TaskCompletionSource> _releaseRequests = new();
    private volatile bool _hasReleaseRequests;
    private volatile bool _closed;

    [ThreadStatic]
    private static bool _isLane;

    private readonly int _alone;
    private readonly int _shared;
    private int _held;
    private Thread? _owner;

    /// <summary>Makes an empty table.</summary>
    /// <param name="register">Registers a file in a slot of the ring, or removes it with descriptor -1; 0 or more, or a negated errno. Null for a ring without registered files.</param>
    /// <param name="alone">The most chunks in flight of the only device.</param>
    /// <param name="shared">The most of one device while there are others: one that is stuck must leave places to them.</param>
    public DeviceTable(Func<int, int, int>? register = null, int alone = int.MaxValue, int shared = int.MaxValue)
    {
        _register = register;
        _alone = alone;
        _shared = shared;
    }

    /// <summary>Whether the calling thread is a lane's. Other threads may wait for its next turn, so it must not wait for another lane's turn.</summary>
    public static bool IsLane => _isLane;

    /// <summary>Makes the owner take a turn. Any thread. Null for an owner that can't be woken: a reactor's.</summary>
    public Action? WakeOwner { get; set; }

    /// <summary>The meter that reports the devices; null for none.</summary>
    public IoInstruments? Meter { get; init; }

    /// <summary>Whether a disposed device is to be released. Any thread.</summary>
    public bool HasReleaseRequests => _hasReleaseRequests;

    public ref readonly DeviceSlot this[int slot] => ref _slots[slot];

    /// <summary>Makes the calling thread the owner.</summary>
    public void Enable()
    {
        _owner = Thread.CurrentThread;
        _isLane |= WakeOwner is not null;
    }

    /// <summary>Begins a leg on a device.</summary>
    /// <returns>The slot, or <see cref="NoSlot"/> after counting a reference.</returns>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Enter(BlockDevice device)
    {
        device.ThrowIfDisposed();
        int slot = device.Number & (Slots - 1);
        if (_slots[slot].Device != device && !TryHold(device, out slot))
        {
            device.AddReference();
            return NoSlot;
        }

        _slots[slot].UnderWay++;
        return slot;
    }

    /// <summary>Whether a device is held in its home slot, and not disposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsHeld(BlockDevice device) => _slots[device.Number & (Slots - 1)].Device == device && !device.IsDisposed;

    /// <summary>The slot of a device for which <see cref="IsHeld"/> is true.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HomeSlotOf(BlockDevice device) => device.Number & (Slots - 1);

    /// <summary>Whether the device in a slot takes so many more chunks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool HasRoom(int slot, int chunks)
    {
        ref readonly DeviceSlot held = ref _slots[slot];
        return held.Chunks + chunks <= (_held > 1 ? held.SharedDepth : held.Depth);
    }

    /// <summary>Whether transfers of the device in a slot may use the fast path.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MayUseFastPath(int slot) => _slots[slot].MayUseFastPath;

    /// <summary>Begins a chunk on a device for which <see cref="IsHeld"/> is true. It keeps the device open: <see cref="Exit"/> and <see cref="ExitChunk"/> end it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int EnterHeld(BlockDevice device)
    {
        int slot = HomeSlotOf(device);
        _slots[slot].UnderWay++;
        _slots[slot].Chunks++;
        return slot;
    }

    /// <summary>Begins a chunk of a leg.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EnterChunk(int slot) => _slots[slot].Chunks++;

    /// <summary>Ends a chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ExitChunk(int slot) => _slots[slot].Chunks--;

    /// <summary>Ends a chunk of the fast path, which is an operation by itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ExitHeld(int slot, int operation, uint bytes)
    {
        ref DeviceSlot held = ref _slots[slot];
        held.UnderWay--;
        held.Counters.AddOperation(operation, bytes);
    }

    /// <summary>As <see cref="Enter"/>, for a leg that has counted a reference, which is released when there is a slot.</summary>
    /// <returns>The slot, or <see cref="NoSlot"/>.</returns>
    public int Adopt(BlockDevice device)
    {
        int slot = device.Number & (Slots - 1);
        if (_slots[slot].Device != device && !TryHold(device, out slot))
            return NoSlot;
        _slots[slot].UnderWay++;
        device.Release();
        return slot;
    }

    /// <summary>The device has refused polling: its next transfers complete by interrupt.</summary>
    public void StopPolling(int slot) => _slots[slot].Route = EntryRoute.NoPoll;

    /// <summary>Whether a transfer of the device, which has inline transfers, may be one now.</summary>
    public bool MayRunInline(int slot)
    {
        ref DeviceSlot held = ref _slots[slot];
        if (held.InlinePause == 0)
        {
            held.InlineRun++;
            return true;
        }

        held.InlinePause--;
        return false;
    }

    /// <summary>An inline transfer has slept: the device's next ones use the ring, twice as many each time where it sleeps often.</summary>
    public void PauseInline(int slot)
    {
        ref DeviceSlot held = ref _slots[slot];
        held.NextInlinePause = held.InlineRun > RareSleep ? FirstInlinePause : Math.Min(held.NextInlinePause * 2, LongestInlinePause);
        held.InlinePause = held.NextInlinePause;
        held.InlineRun = 0;
    }

    /// <summary>Ends a leg or a chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit(int slot) => _slots[slot].UnderWay--;

    /// <summary>Releases disposed devices without requests in flight, and completes the tasks of <see cref="ReleaseDisposedAsync"/>.</summary>
    public void ReleaseDisposed()
    {
        // Reset before looking: a later request sets it again.
        _hasReleaseRequests = false;
        Interlocked.MemoryBarrier();

        // A request that arrives during the loop may be for a device that the loop has passed: leave it for the next call.
        int askers = _releaseRequests.Count;
        bool someAreBusy = false;
        for (int i = 0; i < Slots; i++)
        {
            if (_slots[i].Device is not { IsDisposed: true })
                continue;
            if (_slots[i].UnderWay == 0)
                Free(i);
            else
                someAreBusy = true;
        }

        if (someAreBusy)
            _hasReleaseRequests = true;
        Answer(askers);
    }

    /// <summary>Asks the owner to release disposed devices. Any thread.</summary>
    /// <returns>Completed when the owner has released every disposed device without requests in flight; at once for an owner that can't be woken.</returns>
    public Task ReleaseDisposedAsync()
    {
        if (_owner == Thread.CurrentThread)
        {
            ReleaseDisposed();
            return Task.CompletedTask;
        }

        if (WakeOwner is null)
        {
            _hasReleaseRequests = true;
            return Task.CompletedTask;
        }

        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _releaseRequests.Enqueue(asked);
        _hasReleaseRequests = true;
        WakeOwner();

        // Enqueue before reading _closed: Close completes the tasks once more after it has set that.
        if (_closed)
            Answer(int.MaxValue);
        return asked.Task;
    }

    /// <summary>Registers the devices with another ring, in the same slots.</summary>
    public void RegisterAgain()
    {
        for (int i = 0; i < Slots; i++)
        {
            if (_slots[i].Device is not null)
                Register(i);
        }
    }

    /// <summary>Releases all devices. Must be called before the ring is closed, because the kernel releases registered files of a closed ring late.</summary>
    public void Close()
    {
        for (int i = 0; i < Slots; i++)
        {
            if (_slots[i].Device is not null)
                Free(i);
        }

        _closed = true;
        Answer(int.MaxValue);
    }

    /// <summary>Finds the slot of a device that is not in its home slot, or holds the device in a free one.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryHold(BlockDevice device, out int slot)
    {
        slot = NoSlot;
        if (!device.MayBeHeld)
            return false;
        int home = device.Number & (Slots - 1);
        int free = NoSlot;
        for (int i = 0; i < Slots; i++)
        {
            slot = (home + i) & (Slots - 1);
            if (_slots[slot].Device == device)
                return true;
            if (free == NoSlot && _slots[slot].Device is null)
                free = slot;
        }

        if (free == NoSlot)
            free = Array.FindIndex(_slots, static held => held.UnderWay == 0);
        slot = free;
        if (free == NoSlot || _closed || !device.TryHoldBy(this))
            return false;
        if (_slots[free].Device is not null)
            Free(free);
        int depth = device.Geometry.QueueDepth;
        _slots[free] = new DeviceSlot
        {
            Device = device,
            Counters = device.Counters.Add(),
            Depth = Math.Min(depth, _alone),
            SharedDepth = Math.Min(depth, _shared),
            MayUseFastPath = !device.Geometry.NeedsWorkers,
            Route = device.Geometry.Route,
            NextInlinePause = FirstInlinePause,
        };
        _held++;
        if (Meter is not null)
            device.Counters.ReportBy(Meter);
        Register(free);
        return true;
    }

    private void Register(int slot)
    {
        int descriptor = _slots[slot].Device!.Descriptor;
        bool isKnown = _register is not null && _register(slot, descriptor) >= 0;
        _slots[slot].File = isKnown ? slot : descriptor;
        _slots[slot].EntryFlags = (byte)((isKnown ? IoUring.IOSQE_FIXED_FILE : 0) | _slots[slot].Device!.Geometry.EntryFlags);
    }

    private void Free(int slot)
    {
        BlockDevice device = _slots[slot].Device!;
        if ((_slots[slot].EntryFlags & IoUring.IOSQE_FIXED_FILE) != 0)
            _ = _register!(slot, -1);
        device.Counters.Remove(_slots[slot].Counters);
        _slots[slot] = default;
        _held--;
        device.ReleaseBy(this);
    }

    private void Answer(int most)
    {
        for (; most > 0 && _releaseRequests.TryDequeue(out TaskCompletionSource? asked); most--)
            asked.SetResult();
    }
}

/// <summary>A slot of a <see cref="DeviceTable"/>.</summary>
internal struct DeviceSlot
{
    public BlockDevice? Device;

    /// <summary>The engine's own counters of the device.</summary>
    public DeviceCounters Counters;

    /// <summary>Legs, and chunks of the fast path, in flight on it.</summary>
    public int UnderWay;

    /// <summary>Chunks in flight on it.</summary>
    public int Chunks;

    /// <summary>Chunks that it may have in flight, alone and while there are other devices.</summary>
    public int Depth;
    public int SharedDepth;

    /// <summary>The device in an entry: the descriptor, or the slot of the registered file.</summary>
    public int File;

    /// <summary>IOSQE_FIXED_FILE for a registered file, and the device's own flags.</summary>
    public byte EntryFlags;

    /// <summary>The route of transfers on it.</summary>
    public EntryRoute Route;

    /// <summary>Whether its transfers may use the fast path, which is for those that the ring carries out without a worker: others may be inline, and are counted.</summary>
    public bool MayUseFastPath;

    /// <summary>Inline transfers since one slept, transfers that still use the ring because of that, and how many will after the next.</summary>
    public int InlineRun;
    public int InlinePause;
    public int NextInlinePause;
}
