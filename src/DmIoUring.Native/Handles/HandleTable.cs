using System.Runtime.CompilerServices;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;

namespace DmIoUring.Native.Handles;

/// <summary>
/// The objects of one kind that C has handles of. A handle is an index and a generation, in the shape of a pointer that no process can dereference, so that
/// the use of one that was closed is an error and nothing worse. Looking up takes no lock.
/// </summary>
/// <param name="kind">A number for the kind, 1 to 15, so that a client is not taken for a device.</param>
/// <param name="noun">What a message calls one.</param>
internal sealed class HandleTable<T>(int kind, string noun)
    where T : class, IHandled
{
    private const int IndexBits = 24;
    private const int GenerationShift = IndexBits + 4;

    /// <summary>Not canonical on x64 and Arm64: a fault, should somebody dereference it.</summary>
    private const ulong NoAddress = 1UL << 62;

    private readonly Lock _lock = new();
    private readonly Stack<int> _free = new();
    private Entry?[] _entries = new Entry?[16];
    private uint[] _generations = new uint[16];
    private int _used;

    /// <summary>Gives an object its handle.</summary>
    public void Add(T value)
    {
        lock (_lock)
        {
            if (!_free.TryPop(out int index))
                index = Grow();
            uint generation = ++_generations[index];
            value.Handle = (nint)(NoAddress | (ulong)generation << GenerationShift | (ulong)(uint)kind << IndexBits | (uint)index);
            Volatile.Write(ref _entries[index], new Entry(value));
        }
    }

    /// <summary>The object of a handle.</summary>
    /// <exception cref="NativeException">EINVAL for NULL, EBADF for one that was closed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Get(nint handle) => Find(handle) ?? throw Unknown(handle);

    /// <summary>The object of a handle; null where it has none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T? Find(nint handle)
    {
        // No entry has the handle 0.
        int index = (int)handle & ((1 << IndexBits) - 1);
        Entry?[] entries = Volatile.Read(ref _entries);
        return (uint)index < (uint)entries.Length && Volatile.Read(ref entries[index]) is { } entry && entry.Handle == handle ? entry.Value : null;
    }

    /// <summary>A handle of an object that answers to a description; 0 where there is none.</summary>
    public nint Find<TArgument>(Func<T, TArgument, bool> predicate, TArgument argument)
    {
        foreach (Entry? entry in Volatile.Read(ref _entries))
        {
            if (entry is not null && predicate(entry.Value, argument))
                return entry.Handle;
        }

        return 0;
    }

    /// <summary>Ends a handle.</summary>
    /// <returns>Whether it was this call that ended it.</returns>
    public bool Remove(T value)
    {
        int index = (int)value.Handle & ((1 << IndexBits) - 1);
        lock (_lock)
        {
            if (_entries[index]?.Value != value)
                return false;
            Volatile.Write(ref _entries[index], null);

            // An index whose generations are used up is not used again.
            if (_generations[index] != uint.MaxValue)
                _free.Push(index);
            return true;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private NativeException Unknown(nint handle) => handle == 0
        ? new NativeException(Errno.EINVAL, $"The {noun} is NULL.")
        : new NativeException(Errno.EBADF, $"The {noun} 0x{handle:x} is closed, or never was one.");

    private int Grow()
    {
        if (_used == 1 << IndexBits)
            throw new NativeException(Errno.EMFILE, $"There are too many handles of a {noun}.");
        if (_used == _entries.Length)
        {
            Array.Resize(ref _generations, _used * 2);
            Entry?[] larger = new Entry?[_used * 2];
            _entries.CopyTo(larger, 0);
            Volatile.Write(ref _entries, larger);
        }

        return _used++;
    }

    /// <summary>With the handle beside the object, so that a request's lookup calls nothing.</summary>
    private sealed class Entry(T value)
    {
        public readonly T Value = value;
        public readonly nint Handle = value.Handle;
    }
}

/// <summary>What has a handle.</summary>
internal interface IHandled
{
    /// <summary>Written once, before the table shows the object.</summary>
    nint Handle { get; set; }
}
