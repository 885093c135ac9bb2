namespace DmIoUring.Tests.Client;

/// <summary>What a test's device is.</summary>
public enum DeviceKind
{
    /// <summary>A block device with blocks of 512 bytes.</summary>
    Loop512,

    /// <summary>A block device with blocks of 4,096 bytes.</summary>
    Loop4096,

    /// <summary>A regular file.</summary>
    File,
}
