using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Bench;

/// <summary>How a lane's requests end.</summary>
internal enum BenchCompletion
{
    [JsonStringEnumMemberName("callback")]
    Callback,

    /// <summary>The code after it runs on the thread pool.</summary>
    [JsonStringEnumMemberName("await")]
    Await,

    /// <summary>The code after it runs on the lane's thread.</summary>
    [JsonStringEnumMemberName("inline")]
    Inline,
}
