using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Stress;

/// <summary>What a run can find.</summary>
internal enum FindingKind
{
    /// <summary>A sector holds what it can't hold.</summary>
    [JsonStringEnumMemberName("wrong_bytes")]
    WrongBytes,

    /// <summary>A region failed on a device with which nothing is wrong.</summary>
    [JsonStringEnumMemberName("unexpected_failure")]
    UnexpectedFailure,

    /// <summary>A region ended well on a device that could not have done it.</summary>
    [JsonStringEnumMemberName("missed_failure")]
    MissedFailure,

    /// <summary>The parts of a result contradict each other.</summary>
    [JsonStringEnumMemberName("wrong_report")]
    WrongReport,

    [JsonStringEnumMemberName("never_ended")]
    NeverEnded,

    [JsonStringEnumMemberName("exception")]
    Exception,
}
