namespace DmIoUring.ServiceTests.Copying;

/// <summary>How a job is submitted.</summary>
public enum CopyWay
{
    Awaited,
    Callback,
}
