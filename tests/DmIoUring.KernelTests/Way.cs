namespace DmIoUring.KernelTests;

/// <summary>How a request is made, and what carries it.</summary>
public enum Way
{
    Sync,
    Callback,
    Awaited,
    Reactor,
    WorkerSync,
    WorkerCallback,
    WorkerAwaited,
    WorkerReactor,
}
