namespace DmIoUring.Cli.Stress;

/// <summary>What a drawn operation does.</summary>
internal enum OperationKind : byte
{
    Read,
    Write,
    Flush,
    Discard,
    WriteZeroes,

    /// <summary>Takes or returns a reservation of the client.</summary>
    Reserve,

    /// <summary>Puts a new client in the place of the old one, whose requests are under way.</summary>
    RenewClient,
}
