namespace DmIoUring.Services;

/// <summary>What a job does when a destination can't be written.</summary>
public enum CopyWriteErrorPolicy
{
    /// <summary>Starts no new pieces; those in flight end. As kcopyd does by default.</summary>
    Stop,

    /// <summary>
    /// Writes nothing more to that destination above the sector that failed, and goes on with the others. The job ends when there is none left. What was in flight below that sector is
    /// still written, so that the destination is right up to its first failure.
    /// </summary>
    DropDestination,

    /// <summary>Goes on with all destinations. The result tells the first failure of each, not every one.</summary>
    Continue,
}
