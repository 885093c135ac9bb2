using DmIoUring.Services.Mirroring;

namespace DmIoUring.Services;

/// <content>Looking at a mirror without opening it.</content>
public sealed partial class MirrorDevice
{
    /// <summary>
    /// Reads what the metadata on some devices says of their mirror, and writes nothing: the devices may be open for reading only, and the mirror may be in use, where the answer may be
    /// older than its last change.
    /// </summary>
    /// <param name="client">Carries the requests; not disposed.</param>
    /// <param name="devices">The devices, 1 to 64 in any order; not disposed.</param>
    /// <param name="cancellationToken">Cancels between two reads.</param>
    /// <returns>What was found. Devices that are no legs, missing legs and a split mirror are no exception.</returns>
    /// <exception cref="ArgumentException">The number of devices is invalid.</exception>
    /// <exception cref="MirrorException">Two devices are the same.</exception>
    /// <exception cref="ObjectDisposedException">The client or a device was disposed.</exception>
    public static Task<MirrorInspection> InspectAsync(DmIoClient client, IReadOnlyList<BlockDevice> devices, CancellationToken cancellationToken = default) =>
        new MirrorInspector(client).InspectAsync(Check(client, devices, options: null), cancellationToken);
}
