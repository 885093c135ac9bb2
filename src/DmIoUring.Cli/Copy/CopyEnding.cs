using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Copy;

/// <summary>How a copy ended.</summary>
internal enum CopyEnding
{
    [JsonStringEnumMemberName("complete")]
    Complete,

    [JsonStringEnumMemberName("failed")]
    Failed,

    [JsonStringEnumMemberName("refused")]
    Refused,

    [JsonStringEnumMemberName("interrupted")]
    Interrupted,
}
