using System.Runtime.CompilerServices;

namespace DmIoUring.Engine;

/// <summary>
/// The memory that an engine's owner has requests under way with, pinned once for all of them: the first one pins and the last one unpins,
/// and those between only count. Must be used on the owning thread.
/// </summary>
/// <remarks>A pin costs two interlocked operations, which is more than the rest of what the fast path does for the memory.</remarks>
internal sealed class SharedPins
{
    /// <summary>No pin.</summary>
    public const int None = -1;

    private readonly Pin[] _pins = new Pin[4];
    private int _latest;

    /// <summary>Keeps memory allocated until <see cref="Release"/>.</summary>
    /// <returns>The pin's index; <see cref="None"/> when the memory was disposed, or more memory is under way than there are pins for.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int TryAdd(IoMemory memory)
    {
        int latest = _latest;
        return TryAdd(ref _pins[latest], memory) ? latest : Find(memory);
    }

    /// <summary>A request is done with the memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(int index)
    {
        ref Pin pin = ref _pins[index];
        if (--pin.Requests == 0)
            Unpin(ref pin);
    }

    /// <summary>Adds a request to those that have the memory pinned already. Disposed memory stays allocated for them, and takes no new ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryAdd(ref Pin pin, IoMemory memory)
    {
        if (pin.Memory != memory || memory.IsDisposed)
            return false;
        pin.Requests++;
        return true;
    }

    private static void Unpin(ref Pin pin)
    {
        IoMemory memory = pin.Memory!;
        pin.Memory = null;
        memory.Unpin();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int Find(IoMemory memory)
    {
        int free = None;
        for (int i = 0; i < _pins.Length; i++)
        {
            if (TryAdd(ref _pins[i], memory))
                return _latest = i;
            if (_pins[i].Requests == 0)
                free = i;
        }

        if (free == None || !memory.TryAddPin())
            return None;
        _pins[free] = new Pin { Memory = memory, Requests = 1 };
        return _latest = free;
    }

    private struct Pin
    {
        public IoMemory? Memory;
        public int Requests;
    }
}
