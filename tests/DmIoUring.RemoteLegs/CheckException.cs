namespace DmIoUring.RemoteLegs;

/// <summary>What must hold does not.</summary>
internal sealed class CheckException(string message) : Exception(message);
