using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Mirroring;

/// <summary>A leg's state in the words of the reports.</summary>
internal enum MirrorLegCondition
{
    [JsonStringEnumMemberName("in_sync")]
    InSync,

    [JsonStringEnumMemberName("out_of_sync")]
    OutOfSync,

    [JsonStringEnumMemberName("missing")]
    Missing,
}
