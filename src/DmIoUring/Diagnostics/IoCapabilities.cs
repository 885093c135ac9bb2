namespace DmIoUring;

/// <summary>What carries the I/O on this host, and what the host lacks.</summary>
/// <param name="Ring">The ring: <c>io_uring</c>.</param>
/// <param name="KernelRelease">The kernel's own name of its version, for a person: features are asked for, never guessed from it.</param>
/// <param name="Features">Every ability that matters here, present or not, each with a reason.</param>
public sealed record IoCapabilities(string Ring, string KernelRelease, IReadOnlyList<IoFeature> Features)
{
    /// <summary>Asks the kernel by making a small ring and closing it.</summary>
    /// <returns>What the host has.</returns>
    /// <exception cref="IoUringUnavailableException">The host has no io_uring, or forbids it; the message says which.</exception>
    public static IoCapabilities Probe() => Rings.RingProbe.Run();
}
