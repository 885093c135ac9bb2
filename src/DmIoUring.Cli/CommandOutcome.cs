using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Bench;

/// <summary>How a run ended.</summary>
internal enum BenchOutcome
{
    [JsonStringEnumMemberName("complete")]
    Complete,

    /// <summary>A request failed, or the host refused io_uring.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>Ended early by the user; what was measured until then stands.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,
}
