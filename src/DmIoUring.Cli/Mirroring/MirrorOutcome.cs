using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Mirroring;

/// <summary>How what was asked of a mirror ended.</summary>
internal enum MirrorOutcome
{
    /// <summary>It was done.</summary>
    [JsonStringEnumMemberName("complete")]
    Complete,

    /// <summary>A leg failed, or could not be brought into sync.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    [JsonStringEnumMemberName("refused")]
    Refused,

    [JsonStringEnumMemberName("interrupted")]
    Interrupted,
}
