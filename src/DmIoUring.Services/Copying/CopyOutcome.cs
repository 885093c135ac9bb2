namespace DmIoUring.Services;

/// <summary>How a job of a <see cref="CopyService"/> ended.</summary>
public enum CopyOutcome
{
    /// <summary>All of it was done, and nothing failed.</summary>
    Complete,

    /// <summary>Something failed: the source, a destination, or the job itself. Whether the job went on after that is for the policies of its <see cref="CopyOptions"/>.</summary>
    Failed,

    /// <summary>It was cancelled, or the service was disposed, before all of it was done.</summary>
    Cancelled,
}
