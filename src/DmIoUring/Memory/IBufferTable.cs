namespace DmIoUring.Memory;

/// <summary>A table of registered buffers that rings clone. Members must not be called at the same time, but may be on any thread.</summary>
internal unsafe interface IBufferTable : IDisposable
{
    /// <summary>What rings clone from: a descriptor, after <see cref="Open"/>.</summary>
    int Descriptor { get; }

    /// <summary>Makes the table, with empty slots. 0, or the negated errno; then nothing stays open, and it may be called again.</summary>
    int Open(int slots);

    /// <summary>Fills a slot, or empties it when there is no memory. 0 or more, or the negated errno.</summary>
    int RegisterBuffer(int slot, byte* start, long length);
}
