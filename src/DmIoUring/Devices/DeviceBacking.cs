namespace DmIoUring.Devices;

/// <summary>
/// What stands in for the kernel behind a <see cref="BlockDevice"/> that is no device of the host: it answers what is asked of the device itself, and rings of the
/// same <see cref="Home"/> carry out what is asked of its data. Any thread.
/// </summary>
internal abstract class DeviceBacking
{
    /// <summary>Whose rings serve the device: the others refuse it.</summary>
    public abstract object Home { get; }

    /// <summary>The geometry now.</summary>
    public abstract DeviceGeometry Geometry { get; }

    /// <summary>The abilities now.</summary>
    public abstract DeviceAbilities Abilities { get; }

    /// <summary>As ftruncate: 0, or the negated errno.</summary>
    public abstract int SetLength(long length);

    /// <summary>As fallocate from the beginning on: 0, or the negated errno.</summary>
    public abstract int Allocate(long length);
}
