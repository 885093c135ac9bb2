namespace DmIoUring.Cli.Bench;

/// <summary>The request that stopped a run.</summary>
/// <param name="Path">The device that failed first.</param>
/// <param name="Errno">The errno's name; null when it never came to a device.</param>
/// <param name="Sector">The first bad sector, in units of 512 bytes.</param>
/// <param name="Message">In words.</param>
internal sealed record BenchFailure(string Path, string? Errno, long? Sector, string Message)
{
    /// <summary>Bit i is device i of the request; null when it never came to a device.</summary>
    public RegionBitsReport? Failed { get; init; }

    /// <summary>The same for what a device can't do.</summary>
    public RegionBitsReport? Unsupported { get; init; }
}
