using DmIoUring.Interop;
using DmIoUring.Memory;

namespace DmIoUring.TestSupport;

/// <summary>A table of registered memory that scripted rings clone.</summary>
internal sealed unsafe class ScriptedBufferTable : IBufferTable
{
    public const int FirstDescriptor = 1000;

    public int Descriptor => FirstDescriptor;

    public Dictionary<int, (nint Start, long Length)> Registered { get; } = [];

    /// <summary>What opening it is answered.</summary>
    public int OpenAnswer { get; set; }

    /// <summary>What registering memory is answered.</summary>
    public int RegisterAnswer { get; set; }

    /// <summary>How many bytes may be pinned, in this table and in <see cref="Rings"/>.</summary>
    public long MostPinned { get; set; } = long.MaxValue;

    /// <summary>The rings that clone the table and keep pinned what they have.</summary>
    public List<RingScript> Rings { get; } = [];

    /// <summary>Called while memory is being registered.</summary>
    public Action? WhileRegistering { get; set; }

    /// <summary>How often it was opened.</summary>
    public int Opened { get; private set; }

    /// <summary>How often memory was registered in it.</summary>
    public int Fills { get; private set; }

    public bool IsClosed { get; private set; }

    public int Open(int slots)
    {
        Opened++;
        return OpenAnswer;
    }

    public int RegisterBuffer(int slot, byte* start, long length)
    {
        if (start is null)
        {
            Registered.Remove(slot);
            return 0;
        }

        WhileRegistering?.Invoke();
        if (RegisterAnswer < 0)
            return RegisterAnswer;

        // As the kernel: what was in the slot is still pinned. Extents of different lengths are different ones.
        IEnumerable<(nint Start, long Length)> pinned = Rings.SelectMany(static ring => ring.Registered.Values).Concat(Registered.Values).Distinct();
        if (pinned.Sum(static memory => memory.Length) + length > MostPinned)
            return -Errno.ENOMEM;
        Fills++;
        Registered[slot] = ((nint)start, length);
        return 0;
    }

    public void Dispose() => IsClosed = true;
}
