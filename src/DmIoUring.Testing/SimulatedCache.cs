namespace DmIoUring.Testing;

/// <summary>The volatile cache of a <see cref="SimulatedDisk"/>.</summary>
public enum SimulatedCache
{
    /// <summary>A cache, and FUA: a write with FUA is durable when it ends, every other after a flush. As most drives.</summary>
    WithFua,

    /// <summary>A cache, and no FUA: a write with FUA becomes a write and a flush.</summary>
    WithoutFua,

    /// <summary>No cache: every write is durable when it ends. A power cut tears those in flight.</summary>
    None,
}
