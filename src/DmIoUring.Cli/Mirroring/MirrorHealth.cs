using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Mirroring;

/// <summary>What a mirror is worth as its metadata has it.</summary>
internal enum MirrorHealth
{
    /// <summary>All legs are there, in sync and equal.</summary>
    [JsonStringEnumMemberName("in_sync")]
    InSync,

    /// <summary>A leg is missing or out of sync, or legs may differ because the mirror is in use or was not closed.</summary>
    [JsonStringEnumMemberName("degraded")]
    Degraded,

    /// <summary>It can't be opened as it is.</summary>
    [JsonStringEnumMemberName("unusable")]
    Unusable,
}
