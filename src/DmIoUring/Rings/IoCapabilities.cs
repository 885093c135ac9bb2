using DmIoUring.Diagnostics;
using DmIoUring.Rings;

namespace DmIoUring;

/// <summary>What carries the I/O on this host, and what the host lacks.</summary>
/// <param name="Ring">The ring: <c>io_uring</c>, or <c>worker threads</c>.</param>
/// <param name="KernelRelease">The kernel's release string, for display only: features are probed, never derived from it.</param>
/// <param name="Features">Every feature that matters here, available or not, each with a reason.</param>
public sealed record IoCapabilities(string Ring, string KernelRelease, IReadOnlyList<IoFeature> Features)
{
    /// <summary>
    /// Why the host refused io_uring; <see langword="null"/> where it did not, or was not asked.
    /// </summary>
    public IoUringRefusal? Refusal { get; init; }

    /// <summary>Why the host refused io_uring, in a sentence; <see langword="null"/> where it did not, or was not asked.</summary>
    public string? RefusalReason => Refusal is null ? null : Features.First(static feature => !feature.IsAvailable).Reason;

    /// <summary>What would carry the I/O of a client with the default options. Creates a small ring and closes it.</summary>
    /// <returns>What the host has.</returns>
    /// <exception cref="PlatformNotSupportedException">The processor is neither x64 nor Arm64.</exception>
    /// <exception cref="IoUringUnavailableException">This process has too many files open to ask.</exception>
    public static IoCapabilities Probe()
    {
        SupportedProcessor.Require();
        try
        {
            return RingProbe.Run().Capabilities;
        }
        catch (IoUringUnavailableException refusal) when (refusal.Refusal != IoUringRefusal.OpenFiles)
        {
            return RingProbe.DescribeWorkers(refusal);
        }
    }
}
