namespace DmIoUring.Rings;

/// <summary>Where the items of a <see cref="WorkerCrew"/> come from, and go back to.</summary>
internal interface IWorkHome
{
    /// <summary>Takes an item back that was carried out. A worker's thread.</summary>
    void Complete(WorkItem item);
}
