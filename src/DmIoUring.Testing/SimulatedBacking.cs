using DmIoUring.Devices;

namespace DmIoUring.Testing;

/// <summary>A simulated disk as one open device sees it.</summary>
internal sealed class SimulatedBacking(StorageSimulation simulation, SimulatedDisk disk, bool isReadOnly) : DeviceBacking
{
    public override object Home => simulation;

    public override DeviceGeometry Geometry => disk.GeometryOf(isReadOnly);

    public override DeviceAbilities Abilities => disk.Abilities;

    public override int SetLength(long length) => disk.Resize(length, mayShrink: true);

    public override int Allocate(long length) => disk.Resize(length, mayShrink: false);
}
