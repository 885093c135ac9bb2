namespace DmIoUring.DeviceCheck;

/// <summary>How a request is made.</summary>
internal enum WayIn
{
    Sync,
    SyncOnLane,
    Callback,
    Awaited,
    Batch,
    InsideACallback,
    Reactor,
    ReactorBatch,
}
