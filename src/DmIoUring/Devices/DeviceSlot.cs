using DmIoUring.Rings;

namespace DmIoUring.Devices;

/// <summary>A device that an engine holds open.</summary>
internal struct DeviceSlot
{
    public BlockDevice? Device;

    /// <summary>Legs under way on it.</summary>
    public int UnderWay;

    /// <summary>What an entry names the device by: the descriptor, or the slot where the ring knows the file.</summary>
    public int File;

    /// <summary>IOSQE_FIXED_FILE where the ring knows the file.</summary>
    public byte EntryFlags;

    /// <summary>How the completions of transfers on it may be waited for.</summary>
    public EntryRoute Route;
}
