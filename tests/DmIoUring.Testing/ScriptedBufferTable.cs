using DmIoUring.Memory;

namespace DmIoUring.Testing;

/// <summary>A table of registered memory that scripted rings clone.</summary>
internal sealed unsafe class ScriptedBufferTable : IBufferTable
{
    public const int FirstDescriptor = 1000;

    public int Descriptor => FirstDescriptor;

    public Dictionary<int, (nint Start, long Length)> Registered { get; } = [];

    /// <summary>What opening it is answered.</summary>
    public int OpenAnswer { get; init; }

    /// <summary>What registering memory is answered.</summary>
    public int RegisterAnswer { get; set; }

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

        if (RegisterAnswer < 0)
            return RegisterAnswer;
        Fills++;
        Registered[slot] = ((nint)start, length);
        return 0;
    }

    public void Dispose() => IsClosed = true;
}
