using System.Text.Json.Serialization;

namespace DmIoUring.Cli;

/// <summary>How what was asked of a command ended.</summary>
internal enum CommandOutcome
{
    /// <summary>It was done.</summary>
    [JsonStringEnumMemberName("complete")]
    Complete,

    /// <summary>A device failed, or the host.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Nothing was done.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>Ended early by the user; what was done until then stands.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,
}
