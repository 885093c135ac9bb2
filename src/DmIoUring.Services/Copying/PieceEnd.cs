namespace DmIoUring.Services;

/// <summary>How a piece ends.</summary>
internal enum PieceEnd : byte
{
    /// <summary>It was written to the destinations that are left.</summary>
    Written,

    /// <summary>It could not be read, and is left out.</summary>
    Skipped,

    /// <summary>It is not done: the job resumes with it.</summary>
    NotDone,
}
