using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Devices;

/// <summary>
/// The devices that one engine has seen and holds open, so that a request needs neither to count references that other threads
/// count too nor to have the kernel look up a descriptor: the slots are those of the ring's registered files.
/// </summary>
/// <remarks>
/// The engine's owner uses it alone; a device that is disposed asks, from any thread, to be let go of
/// (<see cref="ReleaseDisposedAsync"/>). A device holds its tables and a table its devices: both ends untie them.
/// </remarks>
internal sealed class DeviceTable
{
    /// <summary>No slot: whoever uses the device counts a reference of its own.</summary>
    public const int NoSlot = -1;

    /// <summary>Devices held at once. Another one takes the slot of one that nothing is under way on.</summary>
    public const int Slots = 256;

    private readonly DeviceSlot[] _slots = new DeviceSlot[Slots];
    private readonly Func<int, int, int>? _register;
    private readonly ConcurrentQueue<TaskCompletionSource> _releaseRequests = new();
    private volatile bool _hasReleaseRequests;
    private volatile bool _closed;

    [ThreadStatic]
    private static bool _isLane;

    private Thread? _owner;

    /// <summary>Makes an empty table.</summary>
    /// <param name="register">Makes a slot's file known to the ring, or unknown with descriptor -1; 0 or more, or a negated errno. Null where rings know no files.</param>
    public DeviceTable(Func<int, int, int>? register = null) => _register = register;

    /// <summary>Whether the calling thread is a lane's, in a callback: others may wait for its next turn, so it waits for nobody's.</summary>
    public static bool IsLane => _isLane;

    /// <summary>Has the owner take a turn. Any thread. Null for an owner that turns when it likes.</summary>
    public Action? WakeOwner { get; set; }

    /// <summary>Whether a device has asked to be let go of.</summary>
    public bool HasReleaseRequests => _hasReleaseRequests;

    public ref readonly DeviceSlot this[int slot] => ref _slots[slot];

    /// <summary>Makes the calling thread the owner.</summary>
    public void Enable()
    {
        _owner = Thread.CurrentThread;
        _isLane |= WakeOwner is not null;
    }

    /// <summary>One leg more is under way on a device. The owner.</summary>
    /// <returns>The slot, or <see cref="NoSlot"/> with a reference counted.</returns>
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

    /// <summary>Whether a device is held, where its number says, and not disposed. The owner.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsHeld(BlockDevice device) => _slots[device.Number & (Slots - 1)].Device == device && !device.IsDisposed;

    /// <summary>One chunk more is under way on a device of which <see cref="IsHeld"/> is true. The owner.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int EnterHeld(BlockDevice device)
    {
        int slot = device.Number & (Slots - 1);
        _slots[slot].UnderWay++;
        return slot;
    }

    /// <summary>As <see cref="Enter"/>, for a leg that has counted a reference: it is given back when there is a slot. The owner.</summary>
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

    /// <summary>The device has refused to be asked for completions: its next transfers arrive by themselves. The owner.</summary>
    public void StopPolling(int slot) => _slots[slot].Route = EntryRoute.NoPoll;

    /// <summary>A leg has ended. The owner.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit(int slot) => _slots[slot].UnderWay--;

    /// <summary>Lets go of disposed devices that nothing is under way on, and answers who asked. The owner.</summary>
    public void ReleaseDisposed()
    {
        // Taken back first: who asks from here on sets it again.
        _hasReleaseRequests = false;
        Interlocked.MemoryBarrier();

        // Those who ask while it looks may mean a device that it has passed already: the next look is for them.
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

    /// <summary>Asks to be let go of. Any thread.</summary>
    /// <returns>Completed when the owner has let go of every disposed device that nothing is under way on; at once for an owner that comes when it likes.</returns>
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

        // Asked first, then looked: a table that is closed meanwhile answers once more after it said so.
        if (_closed)
            Answer(int.MaxValue);
        return asked.Task;
    }

    /// <summary>Makes the devices known to another ring, in their slots. The owner.</summary>
    public void RegisterAgain()
    {
        for (int i = 0; i < Slots; i++)
        {
            if (_slots[i].Device is not null)
                Register(i);
        }
    }

    /// <summary>Lets go of everything, while the ring is still there: files that it knows would outlive it for a moment.</summary>
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

    /// <summary>Finds the slot of a device that is not where its number says, or makes one.</summary>
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
        _slots[free] = new DeviceSlot { Device = device };
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
        _slots[slot] = default;
        device.ReleaseBy(this);
    }

    private void Answer(int most)
    {
        for (; most > 0 && _releaseRequests.TryDequeue(out TaskCompletionSource? asked); most--)
            asked.SetResult();
    }
}

/// <summary>A device that an engine holds open.</summary>
internal struct DeviceSlot
{
    public BlockDevice? Device;

    /// <summary>Legs under way on it.</summary>
    public int UnderWay;

    /// <summary>What an entry names the device by: the descriptor, or the slot where the ring knows the file.</summary>
    public int File;

    /// <summary>IOSQE_FIXED_FILE where the ring knows the file.</summary>
    public byte EntryFlags;

    /// <summary>How the completions of transfers on it may be waited for.</summary>
    public EntryRoute Route;
}
