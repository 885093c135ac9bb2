using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Stress;

/// <summary>How a run ended.</summary>
internal enum StressOutcome
{
    /// <summary>Every byte and every bit was right.</summary>
    [JsonStringEnumMemberName("clean")]
    Clean,

    /// <summary>Something was wrong; the finding says what.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>Ended early by the user; what was done until then was right, to the last byte read back.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,
}
