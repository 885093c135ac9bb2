namespace DmIoUring.Cli;

/// <summary>What the process ends with.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>Something was done, and a device failed; of a mirror's status, that it is degraded.</summary>
    public const int DeviceFailed = 1;

    /// <summary>Refused before anything was written; usage errors too.</summary>
    public const int Refused = 2;

    /// <summary>All was done, and the report of it could not be written to standard output.</summary>
    public const int NotReported = 3;

    /// <summary>Ended by an error that nobody expected: what was written until then is not known.</summary>
    public const int Unexpected = 4;

    /// <summary>128 + SIGINT, as shells have it.</summary>
    public const int Interrupted = 130;
}
