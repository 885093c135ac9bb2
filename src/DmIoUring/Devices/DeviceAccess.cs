namespace DmIoUring;

/// <summary>What a device is opened for.</summary>
public enum DeviceAccess
{
    /// <summary>Reads and writes.</summary>
    ReadWrite,

    /// <summary>Reads; a write to it fails that region with EROFS.</summary>
    Read,
}
