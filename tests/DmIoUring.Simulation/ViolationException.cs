namespace DmIoUring.Simulation;

/// <summary>Something that must hold does not; ends the run.</summary>
internal sealed class ViolationException(string message) : Exception(message);
