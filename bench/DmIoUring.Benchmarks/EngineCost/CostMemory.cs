namespace DmIoUring.Benchmarks.EngineCost;

/// <summary>What a measured read's memory is.</summary>
internal enum CostMemory
{
    Pointer,

    /// <summary>A slice of <see cref="IoMemory"/>.</summary>
    Owned,

    /// <summary>A part of a byte array.</summary>
    Array,

    /// <summary>A page of the reactor's pool.</summary>
    Pages,
}
