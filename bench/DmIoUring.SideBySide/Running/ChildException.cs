namespace DmIoUring.SideBySide.Running;

/// <summary>A program that did not do what it was started for, with all that it said.</summary>
internal sealed class ChildException(string message) : Exception(message);
