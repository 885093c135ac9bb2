namespace DmIoUring;

/// <summary>How a reactor works. The defaults suit a thread that does nothing but I/O and what follows from it.</summary>
public sealed record IoReactorOptions : IoDriverOptions;
