using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Bench;

/// <summary>Who submits the next request of a lane.</summary>
internal enum BenchSubmit
{
    /// <summary>The callback of the one that has ended.</summary>
    [JsonStringEnumMemberName("callback")]
    Callback,

    /// <summary>The job's thread, a batch at a time; callbacks only give slots back.</summary>
    [JsonStringEnumMemberName("thread")]
    Thread,
}
