namespace DmIoUring.Engine;

/// <summary>A place in a request's buffer: what is left of the run of memory there, and which run comes next.</summary>
internal unsafe struct BufferCursor
{
    public byte* Pointer;

    /// <summary>Bytes from <see cref="Pointer"/> to the run's end.</summary>
    public long Left;

    /// <summary>Where the run after this one is found; its meaning is the buffer's.</summary>
    public int Next;
}
