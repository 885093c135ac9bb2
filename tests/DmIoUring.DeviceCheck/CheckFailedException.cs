namespace DmIoUring.DeviceCheck;

/// <summary>A device or a result is not what it should be.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);
