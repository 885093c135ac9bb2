namespace DmIoUring.Cli.Copy;

/// <summary>What a copy does when the source can't be read.</summary>
internal enum CopyOnError
{
    /// <summary>Leaves the piece out.</summary>
    Skip,

    /// <summary>Starts nothing more.</summary>
    Stop,

    /// <summary>Writes zeroes for the blocks that can't be read, and what can be read of the piece.</summary>
    Zero,
}
