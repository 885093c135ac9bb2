namespace DmIoUring.Tests.Client;

/// <summary>How a test makes its requests: the contract is one, the ways through the library are four.</summary>
public enum CallWay
{
    /// <summary>On the caller's thread: one pread or pwrite, or a ring of the thread's own.</summary>
    Sync,

    /// <summary>Synchronous with no ring of the thread's own, so that larger requests wait for a lane.</summary>
    SyncOnLane,

    /// <summary>On a lane, told by a callback.</summary>
    Callback,

    /// <summary>On a lane, told by a task.</summary>
    Awaited,
}
