using DmIoUring.Cli.Devices;
using DmIoUring.Services;

namespace DmIoUring.Cli.Mirroring;

/// <summary>A change of a mirror that passed every check: everything it needs is open, and nothing was written yet.</summary>
internal sealed class MirrorPlan : IDisposable
{
    public required MirrorRequest Request { get; init; }

    public required DmIoClient Client { get; init; }

    public required IReadOnlyList<DeviceFile> Legs { get; init; }

    /// <summary>The device that replaces a leg.</summary>
    public DeviceFile? Replacement { get; init; }

    /// <summary>How a mirror that exists is opened.</summary>
    public MirrorOpenOptions Open { get; init; } = new();

    /// <summary>Paths of files that were made.</summary>
    public IReadOnlyList<string> Created { get; init; } = [];

    /// <summary>What a person should know about checks that could not be made.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public void Dispose()
    {
        Client.Dispose();
        foreach (DeviceFile leg in Legs)
            leg.Dispose();
        Replacement?.Dispose();
    }
}
