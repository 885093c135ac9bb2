namespace DmIoUring.Memory;

/// <summary>How a wait for pages ends, or that it goes on.</summary>
internal enum WaitOutcome
{
    Waiting,
    Granted,

    /// <summary>It asks for more than is reserved in total.</summary>
    TooMany,

    /// <summary>It asks for more adjacent pages than any extent has.</summary>
    TooLong,

    Cancelled,
    Disposed,
}
