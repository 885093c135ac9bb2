namespace DmIoUring.Services.Mirroring.Metadata;

/// <summary>A leg's state in a superblock.</summary>
internal enum RecordedState : byte
{
    /// <summary>It has everything.</summary>
    InSync = 1,

    /// <summary>What it lacks is in the log.</summary>
    LacksLogged = 2,

    /// <summary>It lacks everything.</summary>
    LacksAll = 3,
}
