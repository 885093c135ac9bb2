using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Stress;

/// <summary>What a run can find.</summary>
internal enum FindingKind
{
    /// <summary>A sector holds what it can't hold.</summary>
    [JsonStringEnumMemberName("wrongBytes")]
    WrongBytes,

    /// <summary>A region failed on a device with which nothing is wrong.</summary>
    [JsonStringEnumMemberName("unexpectedFailure")]
    UnexpectedFailure,

    /// <summary>A region ended well on a device that could not have done it.</summary>
    [JsonStringEnumMemberName("missedFailure")]
    MissedFailure,

    /// <summary>The parts of a result contradict each other.</summary>
    [JsonStringEnumMemberName("wrongReport")]
    WrongReport,

    [JsonStringEnumMemberName("neverEnded")]
    NeverEnded,

    [JsonStringEnumMemberName("exception")]
    Exception,
}
