using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Bench;

/// <summary>Who owns the thread that the requests travel on.</summary>
internal enum BenchDriver
{
    /// <summary>A client's lanes, which all jobs share.</summary>
    [JsonStringEnumMemberName("lane")]
    Lane,

    /// <summary>Each job's own thread submits and polls.</summary>
    [JsonStringEnumMemberName("reactor")]
    Reactor,

    /// <summary>Each job's thread waits in the call.</summary>
    [JsonStringEnumMemberName("sync")]
    Sync,
}
